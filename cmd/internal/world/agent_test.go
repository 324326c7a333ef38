package world

import (
	"testing"
	"time"

	"github.com/runfleet/runfleet/fleet"
)

func TestANoticeFailsABusyJobInTimeAndItIsRunAgain(t *testing.T) {
	f, types := onePool(fleet.Spot)
	const at = 10 * time.Minute
	c := Config{
		Seed: 1, Begin: begin(), Fleet: f, Types: types,
		Script: []Job{
			{After: time.Minute, Duration: time.Hour, Labels: []string{"self-hosted", "linux", "arm64"}},
			{After: 2 * time.Minute, Duration: 9 * time.Minute, Labels: []string{"self-hosted", "linux", "arm64"}},
		},
		Moments: []Moment{{After: at, Do: func(w *World) {
			for _, i := range w.AWS.Instances() {
				w.AWS.Notice(i.ID)
			}
		}}},
	}
	w, err := New(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	if err := w.Run(t.Context(), 24*time.Hour); err != nil {
		t.Fatal(err)
	}
	if s := w.Summary(); !s.Good() || s.Jobs.Completed != 2 || s.Jobs.Rerun != 1 || s.Interrupted.Jobs != 1 {
		t.Errorf("summary: %+v", s)
	}
	long, short, again := w.GitHub.Outcomes()[0], w.GitHub.Outcomes()[1], w.GitHub.Outcomes()[2]
	notice := c.Begin.Add(at)
	if left := notice.Add(2 * time.Minute).Sub(long.Done); long.Conclusion != "failure" || left < 0 || left > 40*time.Second {
		t.Errorf("the long job: %s, %v before the deadline", long.Conclusion, left)
	}
	if again.Run != long.Run || again.Attempt != 2 || again.Conclusion != "success" {
		t.Errorf("the long job's next life: %+v", again)
	}
	if short.Conclusion != "success" || !short.Done.After(notice) {
		t.Errorf("the job that had its time: %s at %v", short.Conclusion, short.Done)
	}
}

func TestAMachineThatNobodyManagesPowersOff(t *testing.T) {
	f, types := onePool(fleet.OnDemand)
	w, err := New(t.Context(), Config{Seed: 1, Begin: begin(), Fleet: f, Types: types, Script: []Job{
		{After: time.Minute, Duration: time.Minute, Labels: []string{"self-hosted", "linux", "arm64"}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	w.plan()
	for w.AWS.Launched() == 0 {
		if err := w.Step(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	for w.Now().Before(begin().Add(time.Hour)) { // the manager is gone: only events happen
		at, ok := w.due()
		if !ok {
			break
		}
		if f := w.advance(at); f != nil {
			f()
		}
	}
	if left := w.AWS.Left("/").Instances; len(left) != 0 {
		t.Errorf("left: %v", left)
	}
}
