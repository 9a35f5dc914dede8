-- The role that Weir reads with: it may connect and SELECT, nothing else. Run it in the source's database as the owner of the tables, as often as you like.
-- It starts without a password, so that none stands in a file; give it one with:  alter role weir password '…';  or in psql:  \password weir

do $$
begin
  create role weir login;
exception
  -- roles belong to the whole server: it is there already, or another database is creating it at this moment
  when duplicate_object or unique_violation then null;
end
$$;

do $$
begin
  execute format('grant connect on database %I to weir', current_database());
end
$$;

grant usage on schema public to weir;
grant select on all tables in schema public to weir;

-- tables that the same owner creates later
alter default privileges in schema public grant select on tables to weir;
