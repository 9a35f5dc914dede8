-- one row per day of the calendar
select
  day as date_id,
  year,
  month,
  day_of_month as day,
  day_of_week,
  day_name,
  month_name,
  quarter
from calendar
