package provisiontest

import (
	"testing"
)

// Run runs the suite; start makes a fresh cloud for each test.
func Run(t *testing.T, start func(*testing.T) Env) {
	for _, tt := range []struct {
		name string
		test func(*testing.T, Env)
	}{
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
		{"a config waits for its machine until it takes it", taken},
		{"a config is never overwritten", overwritten},
		{"a config is the agent's or the manager's", claimed},
		{"a config's size decides its tier", tiers},
		{"stored configs are listed, page by page", stored},
		{"a plain form is kept under names of the pool's, over what was there", plainly},
		{"a fleet has one owner until another ledger adopts it", owned},
		{"throttled and lost parameter calls are what they mean", parameterFaults},
		{"a drill hits spot machines of its pool, which are told before", drilled},
		{"a drill has one experiment, and is cleaned up twice without error", once},
		{"a drill goes on after every answer that was lost", resumed},
		{"a drill's throttled calls are what they mean", drillsThrottled},
		{"a drill that is stopped in time hits nobody", stopped},
		{"a drill that finds nobody says so", nobody},
		{"a drill's id with another drill is refused", conflicted},
		{"drills that were left are listed, page by page", manyDrills},
		{"a configuration that fits is found to", fitting},
		{"what does not fit is found, each with its place", misfits},
	} {
		t.Run(tt.name, func(t *testing.T) { tt.test(t, start(t)) })
	}
}
