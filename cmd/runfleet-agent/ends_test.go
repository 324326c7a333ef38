//go:build machine

package main_test

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestSpotTakesTheMachine(t *testing.T) {
	for _, tt := range []struct {
		name, play, up string
		want           []string
		early          bool // off long before the deadline
	}{
		{"its job does not end in time", "job 10m", "Running job", []string{"rebalance busy", "notice busy", "ended, interrupted, Failed"}, false},
		{"its job ends in time", "job 5s", "Running job", []string{"rebalance busy", "notice busy", "ended, done, Succeeded"}, true},
		{"its runner is idle", "idle", "Listening", []string{"rebalance", "notice", "ended, interrupted"}, true},
		{"its runner does not heed Ctrl-C", "stubborn 10m", "Running job", []string{"rebalance busy", "notice busy", "ended, interrupted"}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			each(t, func(t *testing.T, program []string) {
				r := newRig(t, program)
				r.put(tt.play)
				r.start()
				r.until("the runner is up", func() bool { return strings.Contains(r.said(), tt.up) })
				deadline := time.Now().Add(12 * time.Second).UTC().Truncate(time.Second)
				at := deadline.Format(time.RFC3339)
				r.mock("-d", "1", "--rebalance-delay-sec", "0", "--action", "terminate", "--time", at, "--rebalance-rec-time", at)
				r.ended()
				off := time.Now()
				if until := deadline.Sub(off); tt.early != (until > 4*time.Second) || until < -5*time.Second {
					t.Errorf("off %v before the deadline", until)
				}
				reports := r.reports()
				if diff := cmp.Diff(tt.want, story(reports)); diff != "" {
					t.Fatalf("reports (-want +got):\n%s\nthe agent said:\n%s", diff, r.said())
				}
				if got := reports[1].Deadline; !got.Equal(deadline) {
					t.Errorf("deadline %v, want %v", got, deadline)
				}
			})
		})
	}
}

func TestTheAgentsOwnLimits(t *testing.T) {
	each(t, func(t *testing.T, program []string) {
		r := newRig(t, program)
		r.settings.Job = 2 * time.Second
		r.put("stubborn 10m")
		r.start()
		r.ended()
		r.tells("ended, over limit")
	})
}

func TestTheSystemStopsTheAgent(t *testing.T) {
	each(t, func(t *testing.T, program []string) {
		r := newRig(t, program)
		r.put("job 10m")
		r.start()
		r.until("the job runs", func() bool { return strings.Contains(r.said(), "Running job") })
		must(t, r.cmd.Process.Signal(syscall.SIGTERM))
		r.ended()
		r.tells("ended, stopped, Failed")
	})
}

func TestReportsThatCannotBeSentHoldNothingUp(t *testing.T) {
	each(t, func(t *testing.T, program []string) {
		r := newRig(t, program)
		r.settings.Reports += "-gone"
		r.put("job 1s")
		r.start()
		r.ended()
		r.tells()
	})
}

func TestAnAgentThatCannotWorkPowersOff(t *testing.T) {
	each(t, func(t *testing.T, program []string) {
		for name, settings := range map[string]string{"no JSON": "settings", "a later protocol": `{"v":7,"runner":"/r","user":"u"}`} {
			t.Run(name, func(t *testing.T) {
				r := newRig(t, program)
				must(t, os.WriteFile(filepath.Join(r.dir, "agent.json"), []byte(settings), 0o644))
				r.start()
				r.ended()
			})
		}
		t.Run("no such user", func(t *testing.T) {
			r := newRig(t, program)
			r.settings.User = "no-such-user"
			r.put("job 1s")
			r.start()
			r.ended()
			r.tells("ended, broken")
		})
	})
}
