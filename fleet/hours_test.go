package fleet_test

import (
	"testing"
	"time"

	"github.com/runfleet/runfleet/fleet"
)

func TestHoursReadAsPeopleSayThem(t *testing.T) {
	zone := time.FixedZone("America/New_York", -5*3600)
	monday := time.Date(2026, 12, 28, 8, 0, 0, 0, zone)
	back := func(days int) time.Time { return monday.AddDate(0, 0, -days) }
	for _, tt := range []struct {
		name string
		h    fleet.Hours
		want string
	}{
		{"a pool without hours never closes", fleet.Hours{}, "open"},
		{"closed over a weekend", fleet.Hours{Closed: true, Since: back(3), Until: monday, Zone: "America/New_York"},
			"closed until Mon 08:00 America/New_York"},
		{"open", fleet.Hours{Since: back(1), Until: monday, Zone: "America/New_York"}, "open until Mon 08:00 America/New_York"},
		{"a day of the week that may mean two days gets its date",
			fleet.Hours{Closed: true, Since: back(7), Until: monday, Zone: "America/New_York"},
			"closed until Mon 2026-12-28 08:00 America/New_York"},
		{"since ever", fleet.Hours{Until: monday, Zone: "America/New_York"}, "open until Mon 2026-12-28 08:00 America/New_York"},
		{"by order, to the second",
			fleet.Hours{Closed: true, Since: back(1), Until: monday.Add(7 * time.Second), Zone: "America/New_York", Order: "ann: freeze"},
			"closed until Mon 08:00:07 America/New_York (ann: freeze)"},
		{"by order without an end", fleet.Hours{Closed: true, Since: back(1), Order: "ann: freeze"}, "closed (ann: freeze)"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.h.String(); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

// closed has a pool closed since an hour ago, for eleven hours more.
func closed(s *fleet.Snapshot, pool string, p fleet.ClosedPolicy) {
	s.Hours = map[string]fleet.Hours{pool: {
		Closed: true, Policy: p, Since: ago(3600), Until: noon.Add(11 * time.Hour), Wake: noon.Add(11 * time.Hour), Zone: "Etc/UTC",
	}}
}

// early has it closed, and about to open.
func early(s *fleet.Snapshot, pool string, p fleet.ClosedPolicy) {
	s.Hours = map[string]fleet.Hours{pool: {Closed: true, Early: true, Policy: p, Since: ago(3600), Until: noon.Add(30 * time.Second), Zone: "Etc/UTC"}}
}

func TestAPoolObeysItsHours(t *testing.T) {
	const until = "closed until Mon 23:00 Etc/UTC"
	linux := fleet.NewLabels("linux")
	decisions(t, []decision{
		{"a cold pool launches for a job all the same", func(s *fleet.Snapshot) {
			closed(s, "arm", fleet.ClosedCold)
			wait(s, queued(1, arm, 5))
		}, []string{"launch 1 arm spot", "job 1 launching"}},
		{"a pool that says nothing of it is cold", func(s *fleet.Snapshot) {
			closed(s, "arm", "")
			wait(s, queued(1, arm, 5))
		}, []string{"launch 1 arm spot", "job 1 launching"}},
		{"one that waits launches nothing", func(s *fleet.Snapshot) {
			closed(s, "arm", fleet.ClosedWait)
			wait(s, queued(1, arm, 5))
		}, []string{"job 1 closed"}},
		{"its jobs move on to the next pool that fits", func(s *fleet.Snapshot) {
			closed(s, "arm", fleet.ClosedWait)
			wait(s, queued(1, linux, 5))
		}, []string{"launch 1 x64 on-demand", "job 1 launching"}},
		{"those of one that refuses do not", func(s *fleet.Snapshot) {
			closed(s, "arm", fleet.ClosedRefuse)
			wait(s, queued(1, linux, 5))
		}, []string{"job 1 closed"}},
		{"a pool that opens within a boot launches for what waits", func(s *fleet.Snapshot) {
			early(s, "arm", fleet.ClosedWait)
			wait(s, queued(1, arm, 5000))
		}, []string{"launch 1 arm spot", "job 1 launching"}},
		{"a job that waits for the opening is no alert", func(s *fleet.Snapshot) {
			closed(s, "arm", fleet.ClosedWait)
			wait(s, queued(1, arm, 5000))
		}, []string{"job 1 closed"}},
		{"an idle runner ends at the closing, whatever its idle limit", func(s *fleet.Snapshot) {
			closed(s, "arm", fleet.ClosedCold)
			putMinted(s, machine("i-1", "arm", 60), 50, 5)
		}, []string{"end i-1: idle, and its pool is " + until}},
		{"and so does a machine that no job needs any more", func(s *fleet.Snapshot) {
			closed(s, "arm", fleet.ClosedWait)
			put(s, machine("i-1", "arm", 10))
			putMinted(s, machine("i-2", "arm", 10), 5, 0)
		}, []string{"end i-1: no job needs it, and its pool is " + until, "end i-2: no job needs it, and its pool is " + until}},
		{"a machine that came for a job before the closing still takes it", func(s *fleet.Snapshot) {
			closed(s, "arm", fleet.ClosedWait)
			put(s, machine("i-1", "arm", 60))
			wait(s, queued(1, arm, 3700))
		}, []string{"mint i-1 try 1", "job 1 covered"}},
		{"a job that runs at the closing runs on", func(s *fleet.Snapshot) {
			closed(s, "arm", fleet.ClosedRefuse)
			putMinted(s, machine("i-1", "arm", 9000), 8900, 8800)
			wait(s, on(queued(1, arm, 9000), fleet.Running, "i-1", 8800))
		}, nil},
	})
}

func TestAPlanWakesAtTheNextOpening(t *testing.T) {
	s := base()
	closed(&s, "arm", fleet.ClosedWait)
	if got := fleet.Decide(s).Wake; !got.Equal(noon.Add(11 * time.Hour)) {
		t.Errorf("wake at %s", got)
	}
}

func TestAJobThatWaitedForTheOpeningIsNoAlertUntilItWaitsInVain(t *testing.T) {
	open := func(p fleet.ClosedPolicy, since int) fleet.Hours {
		return fleet.Hours{Policy: p, Since: ago(since), Until: noon.Add(time.Hour)}
	}
	shut := fleet.Hours{Closed: true, Policy: fleet.ClosedWait, Since: ago(3600), Until: noon.Add(time.Hour)}
	soon := shut
	soon.Early = true
	for _, tt := range []struct {
		name  string
		hours fleet.Hours
		want  int
	}{
		{"while its pool is closed", shut, 0},
		{"while it is about to open", soon, 0},
		{"just after the opening", open(fleet.ClosedWait, 599), 0},
		{"ten minutes after it", open(fleet.ClosedWait, 600), 1},
		{"a cold pool owes it a machine at night too", open(fleet.ClosedCold, 60), 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := base()
			s.Fleet.Pools[0].Max = 0
			s.Hours = map[string]fleet.Hours{"arm": tt.hours}
			wait(&s, queued(1, arm, 5000))
			if got := fleet.Decide(s).Alerts; len(got) != tt.want {
				t.Errorf("alerts: %q", got)
			}
		})
	}
}
