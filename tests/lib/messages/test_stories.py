"""Stories of messages. `House` has their words, `dev.testing.story` the rest of the language."""

import pytest

from dev.testing.story import stories

from .house import House

SILENCE = """
silent | 14:05 read, 18:00, 18:20 read, 18:21 | 15:05 silent 14:05 cable, 18:21 back 14:05 18:20
# A silence that began before Home Assistant listened: an hour from then on, at least.
| 11:00 read, 11:30 restart, 12:29, 13:00 | 12:30 silent 11:00
# A restart within a silence is no return.
| 12:00 read, 13:05 restart, 14:10 | 13:00 silent 12:00
| 12:00, 14:30 | 13:00 silent 12:00
# A new key is needed: the message comes at once, and instead of the silence's.
| 14:05 read, 14:06 fails=wrong_key, 15:20 | 14:06 key_needed 14:05
| 14:05 read, 14:06 fails=wrong_key, 15:20 read, 15:21 | 14:06 key_needed 14:05
| 14:05 read, 14:06 fails=wrong_key, 15:20 fails=- read, 15:21 \
    | 14:06 key_needed 14:05, 15:21 back 14:05 15:20
# The first cause was another one.
| 14:05 read, 14:06 fails=port_busy, 15:10 fails=wrong_key, 15:20 \
    | 15:05 silent 14:05 busy, 15:10 key_needed 14:05
# A clock that was set ahead by two hours, and a clock that was put back.
| 13:59 read, 14:00, =16:00, 16:57 |
| 13:59 read, 14:00, =12:00, 13:02 | 12:59 silent 11:59
"""
EXCESS = """
# 9 minutes are left: 11.2 kW now and 7.3 kW before make (6 x 7.3 + 9 x 11.2) / 15 = 9.64 kW.
# 4.4 kW less give 7 kW: 9 x 4.4 / 15 = 2.64. 2.64 kW for a quarter-hour are 0.66 kWh, 0.066 EUR.
soon_above | 18:32 mean=9.64 running=7.3, 18:36 read | 18:36 soon_above 7 4.4 18:45 0.066 11.2
| 18:32 evening=1 kw=9.4, 18:36 read | 18:36 soon_above_evening 7 4 18:45 0.06 9.4 0.1
# 5 minutes are left: 12 x 3 - 11.9 x 2 = 12.2 kW now. To stay below 7 kW, 15 kW less would be
# needed. Without any power, 12.2 / 3 x 0.25 kWh are saved.
| 18:36 mean=12 running=11.9, 18:40 read | 18:40 soon_above 7 12.2 18:45 0.102 12.2
# Cooking: above for less than four minutes.
| 18:32 mean=9.5, 18:35:50 read, 18:36 mean=6.5, 18:36:10 mean=9.5 |
| 18:32 mean=9.5, 18:36 read, 18:36:10 read | 18:36 soon_above
# 0.05 EUR are 0.5 kWh: 2 kW for a quarter-hour.
| 18:35 mean=8.9, 18:40 read |
| 18:35 mean=8.9, 18:40 mean=9.01 | 18:40 soon_above
# The quarter-hour is almost over: too late to act.
| 18:39 mean=9.5, 18:43:10 read |
# Exactly the reference power is not above it.
| 18:35 mean=7, 18:40 read |
| 18:30 mean=9.5, 18:32 mean=-, 18:33 mean=9.5, 18:36 read |
# A car warns once an evening, also with a pause and past midnight.
| 18:00..19:30/1 kw=12, 20:45 kw=1, 20:46..03:00/1 kw=12 | 18:04 soon_above
| 2x 18:00..03:00/1 kw=12 | 18:04 soon_above, 18T18:04 soon_above
# A stove beside the car: 10 kW above 7 kW instead of 5 kW; 9 kW above is not another cause.
| 18:00..20:00/1 kw=12, 20:01..22:00/1 kw=17 | 18:04 soon_above, 20:04 soon_above
| 18:00..20:00/1 kw=12, 20:01..22:00/1 kw=16 | 18:04 soon_above
# A warning that may not be sent does not delay a later one.
phone soon_above | 21:50 kw=1, 22:00..22:40/1 kw=12, 07:00..08:00/1 kw=12 | 18T07:04 soon_above
"""
GOAL = """
# Three days running, from the 10th on, once a month.
above_goal | 5..19 forecast=102 | 10 goal_above_budget 102 7 95 50 2.8
| 15..16 forecast=102, 16 restart, 17..19 forecast=102 | 17 goal_above_budget
# Several looks at one day count once.
| 15T08:00..15T22:00/60 forecast=102, 16 forecast=102 |
# A day without a forecast, or below the goal, begins the count anew.
| 15..16 forecast=102, 18..19 forecast=102 |
| 15 forecast=102, 16 forecast=96.9, 17..18 forecast=102 |
| 15..16 forecast=102, 16 forecast=-, 17 forecast=102 | 17 goal_above_budget
# At most 2 EUR, or 2 %, above are on course. The amounts are shown in whole euros.
| 10..19 forecast=96.99 |
| 10..19 forecast=97 | 12 goal_above_budget 97 2
| 10..19 forecast=101.7 goal=94.6 so_far=58.2 | 12 goal_above_budget 101.7 7 94.6 58.2
| 10..19 forecast=203.9 goal=200 |
# The fixed prices to come leave nothing of the goal.
| 10..19 forecast=102 so_far=92 | 12 goal_out_of_reach 102 7 95 92
# Passed: once; the forecast is no news then.
| 27 forecast=97 so_far=94, 28 forecast=97 so_far=96, 29 forecast=98 | 28 goal_passed 96 95
# Passed before the switch was turned on: no message in this month, one in the next.
| 28..29 forecast=97 so_far=96, 58 forecast=99 | 58 goal_passed
# The cost of a month is above a revenue from its first hour on: only the forecast tells.
| 1..28 forecast=-57 goal=-48.5 so_far=-9 |
| 1..28 forecast=-40 goal=-48.5 so_far=-9 | 10 goal_above -40 8
| 1 forecast=- goal=0 so_far=0.1 |
"""
GRID = """
# The first values of the meter are from before the switch.
grid | 12:00 text=Old failures=7, 12:01 read |
| 12:00 read, 12:01 text=New, 12:02 read | 12:01 operator_message New message
| 12:00 read, 12:01 text2=New, 12:02 text=B \
    | 12:01 operator_message New channel_message_2, 12:02 operator_message B message
# The same text again after an empty one is new; a missing object is no empty one.
| 12:00 text=A, 12:01 text=-, 12:02 text=A, 12:03 text=, 12:04 text=A | 12:04 operator_message A
| 12:00 failures=7 sags1=1 sags2=1, 12:01 failures=8 sags1=3 sags2=2 \
    | 12:01 power_failure 1 at 12:00 12:01, voltage_sag 3 at 12:00 12:01
# A new counter, and a counter that fell.
| 12:00 failures=7, 12:01 failures=0 swells1=4, 12:03 swells1=5 | 12:03 voltage_swell 1 at 12:01
# Between two readings far apart. A clock that was put back, and a first reading: no time is known.
| 12:00 failures=7, 12:02:10 failures=8 | 12:02:10 power_failure 1 between 12:00 12:02:10
| 15:02 failures=7, =14:05 failures=8 | 14:05 power_failure 1 -
| 12:00 failures=7, 12:01 unread, 12:02 failures=8 | 12:02 power_failure 1 -
# The range is left for a minute. The message comes once a day.
| 12:00 L2=254, 12:00:50 L1=254, 12:01 L2=255.1, 12:05 read | 12:01 voltage_outside L2 255.1 12:00
| 2x 12:00..12:01/1 L3=206 | 12:01 voltage_outside L3 206 12:00, 18T12:01 voltage_outside
| 12:00..12:05/1 L1=253 L2=207 L3=49 |
# Back in range within the minute.
| 12:00 L1=254, 12:00:50 L1=230, 12:01 L1=254 |
# A clock that was put back.
| 12:00 L1=200, =11:00 read, 11:01 read | 11:01 voltage_outside L1 200 11:00
# The voltage is unknown while the meter was silent.
| 12:00 L1=254, 13:00 read, 13:00:50 read, 13:01 read | 13:01 voltage_outside L1 254 13:00
# A phase without voltage for 20 seconds.
| 12:00 L1=230 L2=230, 12:00:10 L2=0, 12:00:20 read, 12:01 | 12:01 phase_lost L2 12:00:10
| 12:00 L1=230 L2=230, 12:00:10 L2=0, 12:00:30 L1=0, 12:00:50 read \
    | 12:00:30 phase_lost L2 12:00:10
| 12:00 L1=230, 12:00:40 L1=0, 12:02 | 12:01 phase_lost L1 12:00:40
# A phase of other loads carries some volts back.
| 12:00 L1=230, 12:01 L1=41, 12:02 read | 12:02 phase_lost L1 12:01
# Back at once; back and lost again.
| 12:00 L1=230, 12:00:10 L1=0, 12:00:20 L1=229, 12:01 |
| 12:00 L1=230, 12:01 L1=0, 12:03 L1=230, 12:04 L1=0, 12:05 \
    | 12:02 phase_lost L1 12:01, 12:05 phase_lost L1 12:04
# The phase was never connected, or has no known voltage.
| 12:00 L1=230 L2=0 L3=0, 12:01 read, 12:02 |
| 12:00 L1=230 L2=230, 12:01 L2=-, 12:02, 12:03 read |
# A clock that was put back.
| 12:00 L1=230, 12:01 L1=0, =11:01 read | 11:01 phase_lost L1 12:01
# Lost while Home Assistant is off.
| 12:00 L1=230 L2=230, 12:01 restart, 14:00 L2=0, 14:01 | 14:01 phase_lost L2 14:00
# Exchanged before the switch was turned on; exchanged; confirmed by the user; another one.
| 12:00 exchanged=water, 12:05 exchanged=water+gas, 12:06 restart | 12:05 meter_exchanged gas
| 12:00 exchanged=water, 12:01 exchanged=-, 12:05 exchanged=heat | 12:05 meter_exchanged heat
"""
SUN = """
no_sun | 07:00 panels=111111110, 08:00 read, 09:00 panels=111111110 | 07:00 no_sun Roof 15T16:00
| 07:00 panels=001111100 | 07:00 no_sun Roof 14T16:00
# Dull days, an unknown day, panels that were seldom used, and some that are new.
| 07:00 panels=111111111 |
| 07:00 panels=11111111? |
| 07:00 panels=100000110 |
| 07:00 panels=110 |
| 07:00 panels=000000000 |
# Sun ends it.
| 07:00 panels=1111110, 07:00 panels=11111100, 07:00 panels=1111110010 | 07:00 no_sun
| 07:00 panels=1111110, 18T07:00 panels=1111101, 19T07:00 panels=1111010 \
    | 07:00 no_sun, 19T07:00 no_sun
"""
WATER = """
water_at_night | 00:10..07:10/60 W+10, 07:15 read | 05:10 water_at_night 40 01:10 05:10
# Captures each five minutes show the flow in whole litres only now and then.
| 00:00..07:55/5 W+0.25 | 05:00 water_at_night 12 01:00 05:00
| 00:10..07:10/60 W+0 |
# A toilet at 1:30 and one at 3:30.
| 01:10 W+0, 02:10 W+9, 03:10 W+0, 04:10 W+9, 05:10..07:10/60 W+0 |
# Captures each three hours leave the hours between unknown.
| 00:10..07:10/180 W+30 |
| 4x 00:10 W+240 |
# Only half of the night was captured.
| 03:10..07:10/60 W+10 |
| 00:10..02:10/60 W+10 |
# A meter that was exchanged at three begins at 0.
| 00:10..02:10/60 W+10, 03:10 W=0, 04:10..07:10/60 W+10 |
# Much water: at once, and once.
| 00:10..07:10/60 W+300 | 02:10 water_flood 300
# Summer time ends: the hour from 2 to 3 comes twice. It begins: there is no such hour.
water_at_night 2026-10-25 | 01:10..05:10/60 W+10 | 05:10 water_at_night 50
water_at_night 2026-03-29 | 01:10..05:10/60 W+10 | 05:10 water_at_night 30
# After three nights the same leak causes a weekly message.
water_at_night | 15x 01:10..05:10/60 W+10 | 05:10 water_at_night, 18T05:10 water_at_night, \
    19T05:10 water_at_night, 26T05:10 water_at_night 40 26T01:10 26T05:10 more 10
# A night without flow ends it, an unknown night does not. Only a told leak can be over.
| 3x 00:10..07:10/60 W+10, 2x 01:10..05:10/60 W+0, 01:10..05:10/60 W+10 \
    | 05:10 water_at_night 40 01:10 05:10 -, \
    18T05:10 water_at_night 40 18T01:10 18T05:10 second 2, \
    19T05:10 water_at_night 40 19T01:10 19T05:10 third 3, 20T05:10 leak_over 01:10, \
    22T05:10 water_at_night 40 22T01:10 22T05:10 -
| 2x 01:10..05:10/60 W+0, 01:10..05:10/60 W+10, 21T01:10..05:10/60 W+0 \
    | 19T05:10 water_at_night, 21T05:10 leak_over 19T01:10
| 01:10..05:10/60 W+300, 2x 01:10..05:10/60 W+0 \
    | 02:10 water_flood 300, 18T05:10 leak_over 01:10
# Meters are judged alone. The same captures come with each telegram, also after a restart.
| 01:10..03:10/60 W+10, 03:30 restart, 03:31 read, 04:10..05:10/60 W+10 | 05:10 water_at_night 40
| 01:10..05:10/60 W+10 W2+0 | 05:10 water_at_night 40
"""
PLAN = """
# Each load has a message for its task; the load that runs first is told first.
plan_of_day below | 18:00 car=02:00-04:00 saves=0.84 dishes=01:00-02:00 saves=0.2, 06:00 \
    | 18:00 plan_of_day_below Dishes 01:00-02:00 0.2, 18:01 plan_of_day_below Car 02:00-04:00 0.84
# The next task has its own message.
plan_of_day | 18:00 car=02:00-04:00 saves=1, 08:00, 18:00 car=02:00-04:00 by=07:00, \
    19:00 car=00:30-02:30, 06:00 \
    | 18:00 plan_of_day Car, 18T18:00 plan_of_day Car, 18T19:00 plan_of_day Car 00:30-02:30
| 18:00 car=02:00-04:00 saves=1, 03:00 ready car=05:00-06:00 \
    | 18:00 plan_of_day, 18T03:00 plan_of_day
| 18:00 car=02:00-04:00 saves=1, 03:00 car=05:00-06:00 | 18:00 plan_of_day
# A second message comes if the start moves by more than an hour, and no third.
| 18:00 car=02:00-04:00 saves=1, 19:00 car=02:45-04:45 | 18:00 plan_of_day
| 18:00 car=02:00-04:00 saves=1, 19:00 car=03:00-05:00, 20:00 car=21:00-22:00 \
    | 18:00 plan_of_day, 20:00 plan_of_day Car 21:00-22:00
| 18:00 car=02:00-04:00 saves=1, 19:00 car=03:15-05:15, 20:00 car=21:00-22:00 \
    | 18:00 plan_of_day, 19:00 plan_of_day Car 03:15-05:15
| 18:00 car=02:00-04:00 saves=1, 19:00 car=00:45-02:45, 20:00 car=03:00-04:00 \
    | 18:00 plan_of_day, 19:00 plan_of_day
# At most three runs are named.
| 18:00 car=19:00-19:30+20:00-20:30+21:00-21:30+22:00-22:30 saves=1 \
    | 18:00 plan_of_day Car 19:00-19:30,20:00-20:30,21:00-21:30,…
| 18:00 car=19:00-19:30+20:00-20:30+21:00-21:30 saves=1 \
    | 18:00 plan_of_day Car 19:00-19:30,20:00-20:30,21:00-21:30
# A plan that is open, saves nothing or has begun is no news.
| 18:00 car=02:00-04:00 saves=0.04 |
| 18:00 car=02:00-04:00 |
| 18:00 car=02:00-04:00 saves=1 certain=no, 19:00 certain=yes | 19:00 plan_of_day
| 18:00 car=02:00-04:00 saves=1 state=not_connected |
| 18:00 car= saves=1 |
| 17:00 car=18:00-20:00 certain=no saves=1, 18:00 certain=yes |
phone plan_of_day | 23:00 car=03:00-05:00 saves=1, 07:00 |
# A load that will lack energy, or did not start, has a message for each task. 0.4 kWh are nothing.
failed_load | 18:00 car= lacks=6, 06:00, 08:00, 18:00 by=07:00 \
    | 18:00 load_lacks Car 6 18T07:00, 18T18:00 load_lacks Car 6 19T07:00
| 18:00 car= lacks=0.4 |
phone failed_load | 23:00 car= by=11:00 lacks=6, 07:30 | 18T07:00 load_lacks Car 6 18T11:00
failed_load | 18:00 car= state=did_not_start, 19:00 lacks=6, 20:00 \
    | 18:00 load_did_not_start Car, 19:00 load_lacks Car
# A removed load is forgotten.
| 18:00 car= lacks=6, 19:00 car=-, 20:00 car= lacks=6 | 18:00 load_lacks, 20:00 load_lacks
# Lacked energy is one message, also in quiet hours. The old plan of the task says nothing more.
phone failed_load | 23:00 car= by=04:00 lacks=12 state=did_not_start, \
    04:00 lacked=12/not_started/01:30, 08:00 \
    | 18T07:00 load_lacked Car 0 12 18T04:00 not_started 18T01:30
# A switch that is turned on later tells nothing of the past.
failed_load | 04:00 car= by=04:00 lacks=12 lacked=12/not_started/01:30, 08:00 |
"""
PHONE = """
# A fourth warning of the day is dropped: it would be wrong the next day.
phone | 08:00..14:00/120 soon_above, 07:00, 08:00 soon_above \
    | 08:00 soon_above, 10:00 soon_above, 12:00 soon_above, 18T08:00 soon_above
# At the same moment, the important ones are first; the other news wait for the next day.
| 08:00 voltage_sag goal_above power_failure operator_message voltage_outside, 07:00 \
    | 08:00 power_failure, operator_message, goal_above, voltage_sag, 18T07:00 voltage_outside
# The night: the operator is heard, a warning is dropped, a goal waits.
| 22:00 goal_above, 23:00 soon_above, 03:00 operator_message, 07:00 \
    | 18T03:00 operator_message, 18T07:00 goal_above
# Warnings and plans would be wrong in the morning.
| 23:00 soon_above soon_above_evening plan_of_day plan_of_day_below load_lacks load_did_not_start, \
    07:00 |
# A month that has ended is not above its goal so far; the report has its cost.
| 30T22:00 goal_passed voltage_sag, 31T07:00, 31T22:00 goal_above, 32T07:00 \
    | 31T07:00 voltage_sag, 32T07:00 goal_above
# Texts share the places of a day. A text takes the place of its predecessor.
| 08:00..10:00/60 soon_above, 11:00 operator_message, 12:00 operator_message, \
    13:00 operator_message/L2 goal_above, 07:00 \
    | 08:00 soon_above, 09:00 soon_above, 10:00 soon_above, \
    18T07:00 operator_message, operator_message, goal_above
# An alarm once an hour for each phase.
| 08:00 phase_lost/L1, 08:10 phase_lost/L1 phase_lost/L2, 09:10 \
    | 08:00 phase_lost L1, 08:10 phase_lost L2, 09:00 phase_lost L1
# Silence and return in one night cause no message.
| 23:00 silent, 02:00 back, 07:00 |
| 23:00 key_needed, 02:00 back, 07:00 |
# A told silence ends; no message reports a later silence of the same night.
| 21:00 silent, 23:00 back, 01:00 silent, 04:00 back@18T00:00, 07:00 \
    | 21:00 silent, 18T07:00 back
# A silence that begins in the night before the message of its predecessor's end.
| 21:00 silent, 23:00 back, 01:00 silent, 07:00 | 21:00 silent, 18T07:00 back, silent
# The end of a told silence that needs a key is told, too.
| 21:00 silent, 23:00 key_needed, 02:00 back, 07:00 | 21:00 silent, 18T07:00 back
# A leak that is over in the morning, and a leak that has begun again before that.
| 02:00 water_flood, 05:00 leak_over, 07:00 | 02:00 water_flood, 07:00 leak_over
| 02:00 water_flood, 05:00 leak_over, 06:00 water_flood, 07:00 \
    | 02:00 water_flood, 06:00 water_flood
# The return and lacked energy are told even after three messages.
| 07:00 silent, 08:00..10:00/60 soon_above, 13:00 back load_lacked \
    | 07:00 silent, 08:00 soon_above, 09:00 soon_above, 10:00 soon_above, 13:00 back, load_lacked
# Counts that wait are added, and their times joined. An earlier version stored no times.
phone grid | 22:00 sags1=1, 23:00 sags1=3, 01:00 sags1=6, 07:00 \
    | 18T07:00 voltage_sag 5 between 22:00 18T01:00
| 22:00 failures=1, 23:00 power_failure, 01:00 failures=3, 07:00 \
    | 18T07:00 power_failure 3 -
# A lost phase wakes, also after a restart.
| 23:30 L1=230 L2=230, 23:30:10 L2=3, 23:31, 23:32 restart, 23:33 read, 07:00 \
    | 23:31 phase_lost L2 23:30:10
phone silent grid | 23:00 failures=1, 23:00:10 failures=3, 00:30 text=Kontroll, 07:00 \
    | 18T00:30 operator_message Kontroll, 18T07:00 silent 18T00:30 cable, \
    power_failure 2 at 23:00 23:00:10
"""
STORIES = stories(SILENCE, EXCESS, GOAL, GRID, SUN, WATER, PLAN, PHONE)


@pytest.mark.parametrize(("house", "events", "messages"), STORIES)
def test_story(house: str, events: str, messages: str) -> None:
    House(house).check(events, messages)
