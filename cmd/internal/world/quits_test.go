package world

import (
	"strings"
	"testing"
	"time"

	"github.com/runfleet/runfleet/fleet"
)

func TestMachinesThatStopThemselvesAfterEachStartAreReplaced(t *testing.T) {
	w := standing(t, fleet.ClosedWait, []Job{{After: 3 * time.Hour, Duration: time.Minute, Labels: buildLabels}}, func(c *Config) {
		c.Hours, c.Quits = nil, Quits{Rate: 1, Until: time.Minute}
	})
	s := w.Summary()
	// Two machines, each launched once and started twice; then two fresh ones stay.
	if !s.Good() || s.Machines.Launched != 4 || s.Standing.Starts != 4 || w.stood.quits != 6 || s.Jobs.Completed != 1 {
		t.Errorf("%d stops of their own, summary: %+v", w.stood.quits, s)
	}
	told := 0
	for text := range w.alarms.told {
		if strings.HasPrefix(text, "stay build/") {
			told++
		}
	}
	if told != 6 {
		t.Errorf("%d alerts: %v", told, w.alarms.told)
	}
}

func TestAPoolWhoseMachinesAllStopThemselvesRests(t *testing.T) {
	w := standing(t, fleet.ClosedWait, []Job{{After: 8 * time.Hour, Duration: time.Minute, Labels: buildLabels}}, func(c *Config) {
		c.Hours, c.Quits = nil, Quits{Rate: 1, Until: 8 * time.Hour}
	})
	s := w.Summary()
	// Without rests it would be more than three hundred times.
	if ups := s.Machines.Launched + s.Standing.Starts; !s.Good() || s.Jobs.Completed != 1 || ups > 80 {
		t.Errorf("machines came up %d times, summary: %+v", ups, s)
	}
	told := 0
	for text := range w.alarms.told {
		if strings.HasPrefix(text, "boot build/") {
			told++
		}
	}
	if told == 0 {
		t.Errorf("nobody was told of the template: %v", w.alarms.told)
	}
}
