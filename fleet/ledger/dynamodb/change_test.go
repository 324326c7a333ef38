package dynamodb

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/runfleet/runfleet/fleet"
)

// TestPartsHoldEverythingOnceAndNoneIsTooLarge is what DynamoDB's limits ask of a
// change: 100 rows and 4 MB a transaction, one row of which is the fleet's.
func TestPartsHoldEverythingOnceAndNoneIsTooLarge(t *testing.T) {
	large := make([]byte, itemBytes)
	names := func(writes []write) (all []string) {
		for _, w := range writes {
			all = append(all, w.key.sk)
		}
		return all
	}
	rapid.Check(t, func(r *rapid.T) {
		var writes []write
		for i, size := range rapid.SliceOfN(rapid.IntRange(1, itemBytes-200), 0, 250).Draw(r, "rows") {
			writes = append(writes, put(item{key: rowKey(kindMachine, fmt.Sprint(i)), body: large[:size]}))
		}
		var edits []edit
		for i, closes := range rapid.SliceOfN(rapid.Bool(), 0, 400).Draw(r, "edits") {
			edits = append(edits, edit{key: fleet.JobKey{ID: fleet.JobID(i)}, plan: &fleet.Job{Closed: closes}})
		}
		var gotWrites []write
		var gotEdits []edit
		for i, p := range parts(writes, edits) {
			rows, size := len(p.writes), 0
			for _, w := range p.writes {
				size += w.size()
			}
			for _, e := range p.edits {
				rows += e.rows()
			}
			if rows > partRows || size > 4<<20 || rows == 0 && i > 0 {
				r.Fatalf("part %d has %d rows and %d bytes", i, rows, size)
			}
			gotWrites, gotEdits = append(gotWrites, p.writes...), append(gotEdits, p.edits...)
		}
		if diff := cmp.Diff(names(writes), names(gotWrites)); diff != "" {
			r.Fatalf("rows (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff(edits, gotEdits, cmp.AllowUnexported(edit{})); diff != "" {
			r.Fatalf("edits (-want +got):\n%s", diff)
		}
	})
}

func TestARowThatAChangeNamesTwiceIsWrittenOnceAsTheLastSays(t *testing.T) {
	c := fleet.Change{
		Reserve: []fleet.Intent{{ID: "a"}, {ID: "b"}}, Settle: []fleet.IntentID{"a", "a"},
		Machines: []fleet.Machine{{ID: "i-1", Try: 1}, {ID: "i-1", Try: 2}, {ID: "i-2"}}, Forget: []fleet.MachineID{"i-2"},
		Setbacks: []fleet.Setback{{Key: fleet.BootKey("p", "t")}}, Cleared: []fleet.SetbackKey{fleet.BootKey("p", "t")},
		Jobs:     []fleet.Job{{Key: fleet.JobKey{ID: 1}}},
		Verdicts: []fleet.JobVerdict{{Job: fleet.JobKey{ID: 1}}, {Job: fleet.JobKey{ID: 2}}},
	}
	all, err := rowsOf(c)
	if err != nil {
		t.Fatal(err)
	}
	names := func(writes []write) (names []string) {
		for _, w := range writes {
			verb := "drop "
			if w.put != nil {
				verb = "put "
			}
			names = append(names, verb+w.key.sk)
		}
		return names
	}
	want := [][]string{{"put intent#b"}, {"put machine#i-1", "drop machine#i-2", "drop notice#i-2", "drop report#i-2", "drop setback#boot p/t"}, {"drop intent#a"}}
	if diff := cmp.Diff(want, [][]string{names(all.reserved), names(all.facts), names(all.settled)}); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
	var m fleet.Machine
	if err := all.facts[0].put.decode(&m); err != nil || m.Try != 2 {
		t.Errorf("machine %+v, error %v", m, err)
	}
	if len(all.edits) != 2 || all.edits[0].plan == nil || all.edits[0].verdict == nil || all.edits[1].plan != nil {
		t.Errorf("edits %+v", all.edits)
	}
}

func TestWhichErrorsPass(t *testing.T) {
	cancelled := func(codes ...string) error {
		err := &types.TransactionCanceledException{}
		for _, c := range codes {
			err.CancellationReasons = append(err.CancellationReasons, types.CancellationReason{Code: aws.String(c)})
		}
		return err
	}
	answered := func(status int, code string) error {
		return &smithy.OperationError{Err: &smithyhttp.ResponseError{
			Response: &smithyhttp.Response{Response: &http.Response{StatusCode: status}}, Err: &smithy.GenericAPIError{Code: code},
		}}
	}
	for _, tt := range []struct {
		name string
		err  error
		want bool
	}{
		{"the table is throttled", &types.ProvisionedThroughputExceededException{}, true},
		{"the account is throttled", &types.RequestLimitExceeded{}, true},
		{"the partition is throttled", answered(400, "ThrottlingException"), true},
		{"a transaction is at work on the row", &types.TransactionConflictException{}, true},
		{"the same transaction still runs", &types.TransactionInProgressException{}, true},
		{"a part of a transaction met another", cancelled("None", "TransactionConflict"), true},
		{"a part of a transaction is throttled", cancelled("ThrottlingError", "None"), true},
		{"DynamoDB failed", &types.InternalServerError{}, true},
		{"something before it failed", answered(502, ""), true},
		{"no answer came", errors.New("connection reset by peer"), true},
		{"the answer took too long", context.DeadlineExceeded, true},
		{"a batch was done in part", errUnprocessed, true},
		{"a condition did not hold", cancelled("ConditionalCheckFailed", "None"), false},
		{"a condition did not hold, and another row was busy", cancelled("TransactionConflict", "ConditionalCheckFailed"), false},
		{"a row of a transaction is wrong", cancelled("ValidationError"), false},
		{"the request is wrong", answered(400, "ValidationException"), false},
		{"the token is another request's", &types.IdempotentParameterMismatchException{}, false},
		{"there is no table", &types.ResourceNotFoundException{}, false},
		{"the role may not", answered(400, "AccessDeniedException"), false},
		{"the SDK refused it", smithy.InvalidParamsError{}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := passes(fmt.Errorf("wrapped: %w", tt.err)); got != tt.want {
				t.Errorf("passes: %t", got)
			}
		})
	}
}

func TestAWaitEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := wait(ctx, time.Hour); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	if err := wait(t.Context(), time.Nanosecond); err != nil {
		t.Error(err)
	}
}
