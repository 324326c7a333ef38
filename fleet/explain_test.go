package fleet_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/runfleet/runfleet/fleet"
)

func TestAJobHearsWhyItWaits(t *testing.T) {
	for _, tt := range []struct {
		name string
		with func(*fleet.Snapshot, *fleet.Job)
		want string
	}{
		{"a machine could take it", func(s *fleet.Snapshot, _ *fleet.Job) { put(s, machine("i-1", "arm", 5)) }, "covered: a machine of pool arm is coming or idle"},
		{"a launch is reserved for it", func(*fleet.Snapshot, *fleet.Job) {}, "launching: pool arm, spot"},
		{"GitHub waits for an approval", func(_ *fleet.Snapshot, j *fleet.Job) { j.Status = fleet.Waiting }, "gated: GitHub waits for an approval or another gate"},
		{"no pool holds its labels", func(_ *fleet.Snapshot, j *fleet.Job) { j.Class.Labels = "gpu" }, "no-pool: no pool holds its labels"},
		{"it names a runner group only", func(_ *fleet.Snapshot, j *fleet.Job) { j.Class.Labels = "" }, "no-pool: it names no label, and GitHub does not tell its runner group"},
		{"its account is not served", func(s *fleet.Snapshot, _ *fleet.Job) { s.Fleet.Accounts = []fleet.Account{{ID: 2}} }, "refused: account acme is not in the fleet file"},
		{"its account's login is another's now", func(s *fleet.Snapshot, _ *fleet.Job) { s.Fleet.Accounts = []fleet.Account{{ID: 2, Login: "Acme"}} }, "refused: account acme is not the one that the fleet file means, whose number is 2"},
		{"its account's number is not known", func(s *fleet.Snapshot, _ *fleet.Job) { s.Fleet.Accounts = []fleet.Account{{Login: "acme"}} }, "refused: the number of account acme is not known yet"},
		{"the App is suspended there", func(s *fleet.Snapshot, _ *fleet.Job) {
			s.State.Setbacks = append(s.State.Setbacks, fleet.Setback{Key: fleet.InstallationKey(7), Detail: "the App is suspended on acme"})
		}, "refused: the App is suspended on acme"},
		{"the App is suspended there, and a machine was launched before", func(s *fleet.Snapshot, j *fleet.Job) {
			s.State.Setbacks = append(s.State.Setbacks, fleet.Setback{Key: fleet.InstallationKey(7), Detail: "the App is suspended on acme"})
			j.Launches, j.ChangedAt = 1, ago(900)
		}, "refused: the App is suspended on acme"},
		{"the App is suspended elsewhere", func(s *fleet.Snapshot, _ *fleet.Job) {
			s.State.Setbacks = append(s.State.Setbacks, fleet.Setback{Key: fleet.InstallationKey(8), Detail: "the App is suspended on zeta"})
		}, "launching: pool arm, spot"},
		{"its repository is public", func(_ *fleet.Snapshot, j *fleet.Job) { j.Public = true }, "refused: repository acme/w is public and not listed in the fleet file"},
		{"its public repository is listed", func(s *fleet.Snapshot, j *fleet.Job) {
			j.Public, j.Origin, j.OwnerID, s.Fleet.Accounts = true, fleet.Own, 1, []fleet.Account{{ID: 1, Login: "acme", Public: []string{"w"}}}
		}, "launching: pool arm, spot"},
		{"its public repository is listed in another case", func(s *fleet.Snapshot, j *fleet.Job) {
			j.Public, j.Origin, j.OwnerID, s.Fleet.Accounts = true, fleet.Own, 1, []fleet.Account{{ID: 1, Login: "Acme", Public: []string{"W"}}}
		}, "launching: pool arm, spot"},
		{"its pool is full", func(s *fleet.Snapshot, _ *fleet.Job) { s.Fleet.Pools[0].Max = 0 }, "full: pool arm is at its cap of 0"},
		{"EC2 has none", func(s *fleet.Snapshot, _ *fleet.Job) { s.Recipes[0].Offers = nil }, "no-capacity: EC2 has none of pool arm's offers"},
		{"its pool does not boot", func(s *fleet.Snapshot, _ *fleet.Job) { holds(s, fleet.BootKey("arm", "lt-1:1")) }, "set-back: pool arm: why"},
		{"GitHub does not assign it", func(s *fleet.Snapshot, j *fleet.Job) { holds(s, fleet.ClassKey(j.Class)) }, "set-back: GitHub gave its runners no job: why"},
		{"the fleet is paused", func(s *fleet.Snapshot, _ *fleet.Job) { order(s, fleet.Pause, "") }, "paused: the fleet is paused by an operator"},
		{"launches are used up", func(s *fleet.Snapshot, _ *fleet.Job) { s.Allowance.Launches = 0 }, "paced: launches are used up for now, of a minute or of AWS's allowance"},
		{"GitHub is asked", func(_ *fleet.Snapshot, j *fleet.Job) { j.Launches, j.ChangedAt = 1, ago(90) }, "asking: GitHub is asked whether it still waits"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s, j := base(), queued(1, arm, 50)
			tt.with(&s, &j)
			wait(&s, j)
			verdicts := fleet.Decide(s).Verdicts
			if len(verdicts) != 1 {
				t.Fatalf("verdicts: %v", verdicts)
			}
			if diff := cmp.Diff(tt.want, verdicts[0].Verdict.String()); diff != "" {
				t.Errorf("verdict (-want +got):\n%s", diff)
			}
			s.State.Jobs[0].Verdict = verdicts[0].Verdict
			if again := fleet.Decide(s).Verdicts; len(again) != 0 {
				t.Errorf("an old verdict is said again: %v", again)
			}
		})
	}
}

// A burst comes job by job, all of one second as GitHub counts, in any order: a
// job that has its machine coming keeps it, whatever the number of the next.
func TestAJobThatIsCoveredStaysSoWhenAnotherOfItsSecondComes(t *testing.T) {
	s := base()
	put(&s, machine("i-1", "arm", 5))
	first, next := queued(9, arm, 5), queued(3, arm, 5)
	next.RecordedAt = first.RecordedAt.Add(time.Millisecond)
	wait(&s, first, next)
	if diff := cmp.Diff([]string{"launch 1 arm spot", "mint i-1 try 1", "job 3 launching", "job 9 covered"}, said(fleet.Decide(s))); diff != "" {
		t.Errorf("plan (-want +got):\n%s", diff)
	}
}

func TestALaunchIsCountedForItsJobs(t *testing.T) {
	s := base()
	j := queued(1, arm, 50)
	j.Launches, j.LaunchedAt = 1, ago(45)
	wait(&s, j)
	j.Launches, j.LaunchedAt = 2, noon
	if diff := cmp.Diff([]fleet.Job{j}, fleet.Decide(s).Jobs); diff != "" {
		t.Errorf("jobs (-want +got):\n%s", diff)
	}
}

func TestAPersonIsAlerted(t *testing.T) {
	late := "job 1 of acme/w waits longer than 10m0s"
	for _, tt := range []struct {
		name string
		with func(*fleet.Snapshot)
		want []string
	}{
		{"when a job that could run waits ten minutes", func(s *fleet.Snapshot) {
			order(s, fleet.Pause, "")
			wait(s, queued(1, arm, 600))
		}, []string{late}},
		{"not a second earlier", func(s *fleet.Snapshot) {
			order(s, fleet.Pause, "")
			wait(s, queued(1, arm, 599))
		}, nil},
		{"when a covered job waits ten minutes", func(s *fleet.Snapshot) {
			putMinted(s, machine("i-1", "arm", 60), 50, 5)
			wait(s, queued(1, arm, 600))
		}, []string{late}},
		{"after the pool's own time", func(s *fleet.Snapshot) {
			s.Fleet.Pools[0].AlertAfter = time.Minute
			order(s, fleet.Pause, "")
			wait(s, queued(1, arm, 60))
		}, []string{"job 1 of acme/w waits longer than 1m0s"}},
		{"once for a class, by its oldest job", func(s *fleet.Snapshot) {
			order(s, fleet.Pause, "")
			wait(s, queued(1, arm, 700), queued(2, arm, 800), queued(3, arm, 900), queued(4, arm, 5))
		}, []string{"job 3 of acme/w waits longer than 10m0s, and so do others of its class"}},
		{"not about a job that no pool fits", func(s *fleet.Snapshot) { wait(s, queued(1, "gpu", 9000)) }, nil},
		{"not about a job that is refused", func(s *fleet.Snapshot) {
			s.Fleet.Accounts = []fleet.Account{{ID: 2}}
			wait(s, queued(1, arm, 9000))
		}, nil},
		{"when a template does not boot", func(s *fleet.Snapshot) { holds(s, fleet.BootKey("arm", "lt-1:1")) }, []string{"boot arm/lt-1:1 is set back: why"}},
		{"when GitHub does not assign a class", func(s *fleet.Snapshot) {
			holds(s, fleet.ClassKey(fleet.Class{Scope: acme, Labels: arm}))
		}, []string{"class acme[arm64,linux,self-hosted] is set back: why"}},
		{"not when an offer is empty", func(s *fleet.Snapshot) { holds(s, fleet.OfferKey(spotA)) }, nil},
		{"not when a setback is over", func(s *fleet.Snapshot) { expired(s, fleet.BootKey("arm", "lt-1:1")) }, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := base()
			tt.with(&s)
			if diff := cmp.Diff(tt.want, fleet.Decide(s).Alerts); diff != "" {
				t.Errorf("alerts (-want +got):\n%s", diff)
			}
		})
	}
}

func TestDecideSaysWhenToLookAgain(t *testing.T) {
	for _, tt := range []struct {
		name string
		with func(*fleet.Snapshot)
		want time.Time
	}{
		{"never, if nothing is there", func(*fleet.Snapshot) {}, time.Time{}},
		{"when an idle limit ends", func(s *fleet.Snapshot) { putMinted(s, machine("i-1", "arm", 60), 50, 20) }, noon.Add(100 * time.Second)},
		{"when a boot estimate ends", func(s *fleet.Snapshot) {
			put(s, machine("i-1", "x64", 20))
			wait(s, queued(1, x64, 21))
		}, noon.Add(25 * time.Second)},
		{"when a setback ends", func(s *fleet.Snapshot) { holds(s, fleet.OfferKey(spotA)) }, noon.Add(time.Minute)},
		{"when an order ends", func(s *fleet.Snapshot) {
			order(s, fleet.Pause, "")
			s.State.Orders[0].Until = noon.Add(time.Hour)
		}, noon.Add(time.Hour)},
		{"when an allowance refills", func(s *fleet.Snapshot) {
			s.Allowance.Launches = 0
			wait(s, queued(1, arm, 5))
		}, noon.Add(time.Second)},
		{"when the grace after a job ends", func(s *fleet.Snapshot) {
			putMinted(s, machine("i-1", "arm", 60), 50, 40)
			wait(s, on(queued(1, arm, 60), fleet.Done, "i-1", 15))
		}, noon.Add(45 * time.Second)},
		{"when an open intent may be sent again", func(s *fleet.Snapshot) {
			s.State.Intents = []fleet.Intent{{ID: "l", ReservedAt: ago(10), SentAt: ago(10), Launch: &fleet.Launch{Pool: "arm", Count: 1}}}
		}, noon.Add(20 * time.Second)},
		{"when a waiting job becomes an alert", func(s *fleet.Snapshot) {
			order(s, fleet.Pause, "")
			wait(s, queued(1, arm, 500))
		}, noon.Add(100 * time.Second)},
		{"when the first of several ends", func(s *fleet.Snapshot) {
			holds(s, fleet.OfferKey(spotA))
			putMinted(s, machine("i-1", "arm", 60), 50, 80)
		}, noon.Add(40 * time.Second)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := base()
			tt.with(&s)
			if diff := cmp.Diff(tt.want, fleet.Decide(s).Wake); diff != "" {
				t.Errorf("wake (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAPlanHoldsEightyIntents(t *testing.T) {
	for _, tt := range []struct {
		name     string
		machines int
		want     int
		now      bool
	}{
		{"eighty fit", 79, 80, false},
		{"of more the last wait, and the next look is at once", 80, 80, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := base()
			for i := range tt.machines {
				put(&s, machine(fmt.Sprintf("i-%03d", i), "old", 5))
			}
			wait(&s, queued(1, arm, 5))
			p := fleet.Decide(s)
			if len(p.Intents) != tt.want || p.Intents[0].Launch == nil {
				t.Errorf("%d intents, the first one %s", len(p.Intents), p.Intents[0].Kind())
			}
			if p.Wake.Equal(s.At) != tt.now {
				t.Errorf("wake is %v", p.Wake)
			}
		})
	}
}
