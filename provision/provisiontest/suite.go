package provisiontest

import "testing"

// test is one thing that a cloud must do, named as a sentence.
type test struct {
	name string
	run  func(*testing.T, Env)
}

// Run runs the four suites, each as a subtest by its package's name; start makes
// a cloud for each test.
func Run(t *testing.T, start func(*testing.T) Env) {
	for _, suite := range []struct {
		name  string
		tests []test
	}{{"provision", provisionTests}, {"tokens", tokensTests}, {"queue", queueTests}, {"faults", faultsTests}} {
		t.Run(suite.name, func(t *testing.T) {
			for _, tt := range suite.tests {
				t.Run(tt.name, func(t *testing.T) { tt.run(t, start(t)) })
			}
		})
	}
}

// provisionTests is what package provision counts on.
var provisionTests = []test{
	{"a launch gives machines that the list shows alike", launched},
	{"machines of another fleet are not listed", strangers},
	{"a list has every page", pages},
	{"an empty offer is refused beside what came", partial},
	{"a market without capacity is refused whole", empty},
	{"an intent sent again launches nothing twice", replayed},
	{"a token with another request is refused", mismatch},
	{"a throttled launch launches nothing", throttled},
	{"a launch without an answer is found by sending it again", lost},
	{"a template that is gone is a wrong configuration, and made again", templateGone},
	{"unknown machines do not keep others from ending", unknownEnd},
	{"a machine that is protected from its end does not keep others from theirs", guarded},
	{"machines stop and start, whatever else is asked for with them", switched},
	{"a stop or start that was throttled or got no answer is asked for again", switchedLate},
	{"a machine is not started while it stops, or where there is no room", noRoomToStart},
	{"two managers make one template", templates},
	{"instant fleets and templates are swept, twice without error", swept},
	{"a configuration that fits is found to", fitting},
	{"what does not fit is found, each with its place", misfits},
}

// tokensTests is what package tokens counts on.
var tokensTests = []test{
	{"a config is a secret at its machine's path, with its machine's tag", secret},
	{"a config waits for its machine until it takes it", taken},
	{"a config is never overwritten", overwritten},
	{"a config is the agent's or the manager's", claimed},
	{"a config that was withdrawn or never was is no error", withdrawn},
	{"a config's size decides its tier", tiers},
	{"a tier takes no more than it says", oversized},
	{"stored configs are listed, page by page", stored},
	{"a plain form is kept under names of the pool's, over what was there", plainly},
	{"a plain form under a name that AWS keeps, or of another type, is a wrong configuration", misnamed},
	{"a fleet has one owner until another ledger adopts it", owned},
	{"throttled and lost parameter calls are what they mean", parameterFaults},
}

// queueTests is what package queue counts on.
var queueTests = []test{
	{"an event is recorded and deleted", recorded},
	{"messages are handed over ten at a time, and all are taken in", batches},
	{"what is not recorded comes again, and nothing else", refusedOnce},
	{"a message that nobody can read goes to the dead letters whole", poison},
	{"a message whose taker is slow is taken in twice and recorded once", slowTaker},
	{"an old receipt deletes nothing", oldReceipt},
	{"a poll waits for the message that is to come", longPoll},
	{"a wake for later comes then", later},
	{"a machine's report is believed about itself alone", reports},
	{"wakes of a quarter of a second are one, and looks are one after the other", looks},
	{"an event without an answer, sent again, is recorded once", sentTwice},
	{"lost answers of polls and deletes lose no message", lostPolls},
	{"a queue that is not there is an error", noQueue},
}

// faultsTests is what package faults counts on.
var faultsTests = []test{
	{"a drill hits spot machines of its pool, which are told before", drilled},
	{"a drill has one experiment, and is cleaned up twice without error", once},
	{"a drill goes on after every answer that was lost", resumed},
	{"a drill's throttled calls are what they mean", drillsThrottled},
	{"a drill that is stopped in time hits nobody", stopped},
	{"a drill that finds nobody says so", nobody},
	{"a drill's id with another drill is refused", conflicted},
	{"drills that were left are listed, page by page", manyDrills},
}
