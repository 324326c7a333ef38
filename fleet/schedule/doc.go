// Package schedule owns business hours: cron lines that open and close a pool,
// as windows in the time zone of the people who use it. It answers for any
// instant and remembers nothing, so an opening that nobody watched is not lost.
//
// A cron line speaks of what a clock on the wall shows. What it names happens
// at the first instant at which the zone's clocks show that time or a later
// one: at the end of a gap when clocks are put forward over it, and once, at
// the first passing, when they are put back. The state at an instant follows
// from the latest time that the clocks have shown until then.
//
// # Decisions
//
// Lines are evaluated on wall time, carried as if it were UTC, by the bits that
// robfig/cron parses. Its own search steps through a zone's instants: in New
// York it skips 02:30 on 2026-03-08 and runs 01:30 twice on 2026-11-01. It also
// looks forward only, and "since when" looks back.
//
// What falls into a gap is not moved by the gap's length, as calendars do: an
// opening at 02:30 would come to be 03:30, after a closing at 03:00. The rule
// above never changes the order. A window that lies wholly in a gap is empty
// and is left out; so is a closing whose next opening comes at the same instant.
//
// A closing at the same time of the wall as an opening does not close: with
// "0 0 * * 1-5" and "0 0 * * 2-6" a pool is open from Monday to Saturday.
//
// A line is plain: five fields of numbers, ranges, steps and names. Seconds,
// names such as @daily, ? and a zone in front are refused, because each has
// another key, another meaning elsewhere, or none here. Lines that never fire,
// and hours that never close, are refused too.
//
// Zones come from the host's tz database, which is updated more often than a
// program, and from the one that Go embeds where the host has none.
package schedule
