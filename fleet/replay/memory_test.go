package replay_test

import (
	"runtime"
	"testing"

	"github.com/runfleet/runfleet/fleet/replay"
)

// TestAReplayRemembersLittleOfAJobThatIsOver replays a hundred thousand jobs: what
// a fleet holds in service for each of them would be eighty megabytes.
func TestAReplayRemembersLittleOfAJobThatIsOver(t *testing.T) {
	trace := superposed(linux(t), 10)
	c := pools()
	before, most := heap(), uint64(0)
	c.Tell = func(p replay.Progress) bool {
		if p.Arrived > len(trace.Jobs)/2 && most == 0 {
			most = heap()
		}
		return true
	}
	got, err := replay.Run(trace, c)
	if err != nil || got.Jobs.Ran != len(trace.Jobs) || most == 0 {
		t.Fatalf("%d of %d jobs ran, %v", got.Jobs.Ran, len(trace.Jobs), err)
	}
	most = max(most, heap())
	if grown, bound := int(most)-int(before), 32*len(trace.Jobs)+4<<20; grown > bound {
		t.Errorf("the heap grew by %d bytes, %d are allowed", grown, bound)
	}
	runtime.KeepAlive(trace)
}

// heap is what is alive.
func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
