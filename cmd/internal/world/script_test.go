package world

import (
	"slices"
	"testing"
	"time"
)

func TestStandTakesTheNearestJobsThatRan(t *testing.T) {
	arm, own := labels["linux-arm64"], []string{"ubuntu-latest"}
	script := []Job{
		{Run: 1, Duration: time.Minute, Labels: arm},
		{Run: 2, After: 10 * time.Minute, Labels: arm}, // cancelled before it ran
		{Run: 3, After: 11 * time.Minute, Duration: time.Minute, Labels: own},
		{Run: 4, After: 30 * time.Minute, Duration: time.Minute, Labels: arm},
	}
	wish := func(minutes int) Job {
		return Job{After: time.Duration(minutes) * time.Minute, Duration: time.Hour, Labels: buildLabels}
	}
	for _, tt := range []struct {
		name   string
		wishes []Job
		want   []int // runs, in order
		stand  []int
	}{
		{"one wish", []Job{wish(25)}, []int{1, 2, 3, 4}, []int{4}},
		{"two take two jobs, and the order is right again", []Job{wish(12), wish(8)}, []int{4, 2, 3, 1}, []int{4, 1}},
		{"a wish too many is left out", []Job{wish(12), wish(8), wish(1)}, []int{4, 2, 3, 1}, []int{4, 1}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var runs, stand []int
			for _, j := range Stand(script, tt.wishes) {
				runs = append(runs, j.Run)
				if slices.Equal(j.Labels, buildLabels) {
					stand = append(stand, j.Run)
				}
			}
			if !slices.Equal(runs, tt.want) || !slices.Equal(stand, tt.stand) {
				t.Errorf("runs %v, standing %v", runs, stand)
			}
		})
	}
}
