-- one row per member of staff, with the department they work in
select
  staff.staff_id,
  staff.first_name,
  staff.last_name,
  department.department_name,
  department.location,
  staff.email_address
from staff
left join department on department.department_id = staff.department_id
