package world

import (
	"fmt"
	"hash/fnv"
	"strconv"
	"time"

	"github.com/runfleet/runfleet/fleet"
	"github.com/runfleet/runfleet/fleet/schedule"
	"github.com/runfleet/runfleet/github/githubsim"
	"github.com/runfleet/runfleet/provision/awssim"
)

// chance draws in [0, 1) by seed and name, so that a seed is a day.
func chance(seed uint64, name string) float64 {
	h := fnv.New64a()
	h.Write([]byte(strconv.FormatUint(seed, 10) + "\x00" + name))
	x := h.Sum64()
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return float64((x^x>>31)>>11) / (1 << 53)
}

// FaultDay is a random day: some jobs of two classes, and a random choice of
// what goes wrong. The same seed is the same day.
func FaultDay(seed uint64) Config {
	some := func(name string, most float64) float64 {
		if chance(seed, name+" at all") < 0.5 {
			return 0
		}
		return most * chance(seed, name)
	}
	c := Config{
		Seed: seed, Begin: time.Date(2026, 1, 5, 8, 0, 0, 0, time.UTC),
		Fleet: fleet.Fleet{Name: "demo", Pools: []fleet.Pool{
			{Name: "arm64", Labels: fleet.NewLabels("self-hosted", "linux", "arm64"), Arch: fleet.ARM64, Max: 6, Prepared: seed%2 == 0},
			{Name: "x64", Labels: fleet.NewLabels("self-hosted", "linux", "x64"), Arch: fleet.X86, Max: 5, Market: fleet.OnDemand},
		}},
		Types: map[string][]string{"arm64": {"c7g.xlarge", "m7g.xlarge"}, "x64": {"c6i.xlarge", "m6i.xlarge"}},
		GitHub: githubsim.Faults{
			Loss: githubsim.Chance{Rate: some("loss", 0.3)}, Double: githubsim.Chance{Rate: some("double", 0.5)},
			Unmade: githubsim.Chance{Rate: some("unmade", 0.15)},
			Late:   githubsim.Chance{Rate: some("late", 0.5)}, LateBy: 3 * time.Minute,
			JITReplyLost: githubsim.Chance{Rate: some("jit", 0.4)}, TooMany: githubsim.Chance{Rate: some("too many", 0.1)},
			Forbidden: githubsim.Chance{Rate: some("forbidden", 0.05)}, NeverAssigned: githubsim.Chance{Rate: some("never assigned", 0.1)},
			NotPickedUp: githubsim.Chance{Rate: some("not picked up", 0.2)}, QueuedAgain: githubsim.Chance{Rate: some("again", 1)},
		},
		AWS: awssim.Faults{
			NeverBoots: some("never boots", 0.2), Throttled: some("throttled", 0.2), Lost: some("lost", 0.1),
			ServerError: some("server", 0.1), DiesPending: some("dies pending", 0.1), LagMax: time.Duration(some("lag", 90)) * time.Second,
		},
		Script: faultScript(seed),
		Crash:  some("crash", 0.02),
		Snatch: some("snatch", 0.5),
		Spot:   some("spot", 0.5),
		Quits:  Quits{Rate: some("quits", 0.7)},

		Reports: some("reports", 2), // of many days all of them
	}
	c.Fleet.Limits.Machines = 8
	stand(&c)
	part(&c)
	c.Hours = faultHours(seed)
	c.AWS.Outages, c.GitHub.Down = outages(seed), downs(seed, c.Begin)
	if seed%3 == 0 {
		c.Fleet.Pools[1].Registration = fleet.Token
	}
	return c
}

// stand adds a standing pool on some days.
func stand(c *Config) {
	if stands(c.Seed) {
		c.Fleet.Pools = append(c.Fleet.Pools, fleet.Pool{
			Name: "build", Labels: fleet.NewLabels("self-hosted", "linux", "build"), Arch: fleet.ARM64, Max: 2,
			Lifetime: fleet.Standing, Account: organisation,
		})
		c.Types["build"] = []string{"c7g.large", "m7g.large"}
		if c.Seed%2 == 0 {
			c.Fleet.Pools[len(c.Fleet.Pools)-1].Plain = fleet.Plain{URL: "gh-url", Token: "gh-token"}
		}
	}
	for i := range c.Fleet.Pools {
		c.Fleet.Pools[i] = c.Fleet.Pools[i].WithDefaults()
	}
}

func stands(seed uint64) bool { return chance(seed, "stands") < 0.5 }

// faultHours are the business hours of some pools, on some days: each closes
// within the day, and opens again.
func faultHours(seed uint64) map[string]schedule.Windows {
	hours := map[string]schedule.Windows{}
	for pool, never := range map[string]float64{"arm64": 0.6, "x64": 0.6, "build": 0.2} {
		if chance(seed, pool+" closes at all") < never {
			continue
		}
		closes := 10 + int(chance(seed, pool+" closes")*50)
		opens := closes + 5 + int(chance(seed, pool+" opens")*50)
		policies := []fleet.ClosedPolicy{fleet.ClosedCold, fleet.ClosedWait, fleet.ClosedRefuse}
		hours[pool] = hoursOf(closes, opens, policies[int(chance(seed, pool+" closed")*float64(len(policies)))])
	}
	return hours
}

// hoursOf close a pool so many minutes after eight, each day, and open it again.
func hoursOf(closes, opens int, policy fleet.ClosedPolicy) schedule.Windows {
	line := func(minutes int) string { return fmt.Sprintf("%d %d * * *", minutes%60, 8+minutes/60) }
	w, err := schedule.New(schedule.Rule{Open: line(opens), Close: line(closes), Zone: "UTC", Closed: policy})
	if err != nil {
		panic(err) // unreachable: the lines are right
	}
	return w
}

// outages are times in which EC2 has none of some offers.
func outages(seed uint64) []awssim.Outage {
	var all []awssim.Outage
	for i := range int(chance(seed, "outages") * 4) {
		name := "outage " + strconv.Itoa(i)
		offers := []string{"*/*/spot", "c7g.xlarge/*/*", "*/us-east-1a/*", "*/*/*"}
		from := time.Duration(chance(seed, name+" from") * float64(90*time.Minute))
		all = append(all, awssim.Outage{
			From: from, Until: from + time.Duration(chance(seed, name+" for")*float64(30*time.Minute)),
			Offer: offers[int(chance(seed, name+" of")*float64(len(offers)))],
		})
	}
	return all
}

// downs is a time in which GitHub answers nothing, on some days.
func downs(seed uint64, begin time.Time) []githubsim.Window {
	if chance(seed, "down at all") < 0.7 {
		return nil
	}
	from := begin.Add(time.Duration(chance(seed, "down from") * float64(time.Hour)))
	return []githubsim.Window{{From: from, To: from.Add(time.Duration(chance(seed, "down for") * float64(15*time.Minute)))}}
}

func faultScript(seed uint64) []Job {
	var jobs []Job
	n := 5 + int(chance(seed, "jobs")*20)
	for i := range n {
		name := "job " + strconv.Itoa(i)
		j := Job{
			Run: i / 3, After: time.Duration(chance(seed, name+" after") * float64(90*time.Minute)).Truncate(time.Second),
			Duration: time.Minute + time.Duration(chance(seed, name+" for")*float64(20*time.Minute)).Truncate(time.Second),
			Labels:   labels["linux-arm64"],
			Failed:   chance(seed, name+" fails") < 0.15,
		}
		switch x := chance(seed, name+" kind"); {
		case x < 0.3:
			j.Labels = labels["linux-x64"]
		case x < 0.4:
			j.Labels = []string{"self-hosted", "linux"}
		case x < 0.5:
			j.Labels = []string{"ubuntu-latest"}
		case x < 0.75 && stands(seed):
			j.Labels = []string{"self-hosted", "linux", "build"}
		case x < 0.6:
			j.Duration = 0
		case x < 0.7:
			j.Cancel = time.Duration(chance(seed, name+" cancelled") * float64(6*time.Minute)).Truncate(time.Second)
		}
		jobs = append(jobs, j)
	}
	return append(jobs, lateTakers(seed, len(jobs))...)
}

// lateTakers are pairs of jobs: one is cancelled while its machine boots, so
// that a runner idles, and the other comes when that runner is about to be
// ended.
func lateTakers(seed uint64, run int) []Job {
	var jobs []Job
	for i := range int(chance(seed, "pairs") * 4) {
		name := "pair " + strconv.Itoa(i)
		after := time.Duration(chance(seed, name+" after") * float64(90*time.Minute)).Truncate(time.Second)
		first := Job{Run: run + 2*i, After: after, Duration: time.Minute, Labels: labels["linux-arm64"]}
		first.Cancel = 5*time.Second + time.Duration(chance(seed, name+" cancelled")*float64(20*time.Second))
		second := Job{Run: run + 2*i + 1, Duration: 5 * time.Minute, Labels: first.Labels}
		second.After = after + 2*time.Minute + time.Duration(chance(seed, name+" second")*float64(2*time.Minute))
		jobs = append(jobs, first, second)
	}
	return jobs
}
