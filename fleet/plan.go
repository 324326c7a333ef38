package fleet

import "time"

// Plan is what Decide answers: everything to do, in order, each with its
// reason, and why every other job waits.
type Plan struct {
	Intents  []Intent     // new, or open ones to send again
	Settle   []IntentID   // open intents that need no answer any more
	Verdicts []JobVerdict // of jobs whose verdict is not the recorded one
	Setbacks []Setback    // changed by what was seen
	Cleared  []SetbackKey
	Jobs     []Job       // rows to update: launches counted, lives closed
	Machines []Machine   // rows to update
	Forget   []MachineID // rows of machines that are gone for good
	Ended    []string    // names of registrations that are gone for good
	// Interrupted is rows to update, Resumed those that had their day.
	Interrupted []Interrupted
	Resumed     []JobKey
	Drills      []DrillRun // rows to update
	Drilled     []string   // ids of those that had their time
	Lifted      []string   // ids of orders about machines that are gone, and of drills that are taken up
	Ask         []JobKey   // what only GitHub knows and the next look must fetch
	Origins     []JobKey   // of jobs of which GitHub must tell whether they come from a fork
	Alerts      []string   // a person should look
	Wake        time.Time  // when time alone would change the answer; zero: never
}

// JobVerdict is why one job is not running.
type JobVerdict struct {
	Job     JobKey
	Verdict Verdict
}
