package stacks

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/runfleet/runfleet/provision/notices"
)

// mapping is an event source mapping with what it joins.
type mapping struct {
	id              string
	queue, function resource
	properties      map[string]any
}

// mappings are all of them, by the logical id of their queue.
func mappings(t *testing.T, m template) map[string]mapping {
	t.Helper()
	found := map[string]mapping{}
	for id, r := range m.of("AWS::Lambda::EventSourceMapping") {
		queue := dig(r.Properties, "EventSourceArn", "Fn::GetAtt", 0).(string)
		function := dig(r.Properties, "FunctionName", "Ref").(string)
		found[queue] = mapping{id, m.Resources[queue], m.Resources[function], r.Properties}
	}
	if len(found) != 3 {
		t.Fatalf("%d queues feed functions, want 3", len(found))
	}
	return found
}

// fifo reports whether a queue is one.
func fifo(q resource) bool { return q.Properties["FifoQueue"] == true }

func TestAMessageIsHiddenForSixTimesItsFunctionsTimeoutAndTheWindow(t *testing.T) {
	_, m := deployed(t)
	for id, s := range mappings(t, m) {
		timeout, window := number(s.function.Properties["Timeout"]), number(s.properties["MaximumBatchingWindowInSeconds"])
		if hidden := number(s.queue.Properties["VisibilityTimeout"]); timeout < 1 || hidden < 6*timeout+window {
			t.Errorf("%s: hidden for %v s, timeout %v s, window %v s", id, hidden, timeout, window)
		}
	}
}

func TestABatchFitsAnInvocationAndNeedsAWindowBeyondTen(t *testing.T) {
	const event, invocation = 4 << 10, 6 << 20 // the largest event of ours, and what Lambda hands over
	_, m := deployed(t)
	for id, s := range mappings(t, m) {
		size, window := number(s.properties["BatchSize"]), number(s.properties["MaximumBatchingWindowInSeconds"])
		if size < 1 || size*event > invocation {
			t.Errorf("%s: batches of %v", id, size)
		}
		if size > 10 && (window < 1 || fifo(s.queue)) {
			t.Errorf("%s: batches of %v with a window of %v s", id, size, window)
		}
	}
}

func TestEveryQueueHasAPlaceForDeadLettersAndTriesFiveTimes(t *testing.T) {
	_, m := deployed(t)
	for id, s := range mappings(t, m) {
		policy := s.queue.Properties["RedrivePolicy"]
		if tries := number(dig(policy, "maxReceiveCount")); tries < 5 {
			t.Errorf("%s: %v tries", id, tries)
		}
		dead, ok := m.Resources[dig(policy, "deadLetterTargetArn", "Fn::GetAtt", 0).(string)]
		if !ok || fifo(dead) != fifo(s.queue) {
			t.Errorf("%s: its dead letters go to %v", id, dead.Properties)
		}
		if kept := number(dead.Properties["MessageRetentionPeriod"]); kept != 14*24*3600 {
			t.Errorf("%s: dead letters are kept for %v s", id, kept)
		}
	}
}

func TestEventsAndReportsAreTakenByMoreThanFiveAtOnceAndAnsweredOneByOne(t *testing.T) {
	_, m := deployed(t)
	standard := 0
	for id, s := range mappings(t, m) {
		if fifo(s.queue) {
			continue
		}
		standard++
		if most := number(dig(s.properties, "ScalingConfig", "MaximumConcurrency")); most <= 5 {
			t.Errorf("%s: at most %v at once", id, most)
		}
		if diff := cmp.Diff([]any{"ReportBatchItemFailures"}, s.properties["FunctionResponseTypes"]); diff != "" {
			t.Errorf("%s: answers (-want +got):\n%s", id, diff)
		}
	}
	if standard != 2 {
		t.Errorf("%d standard queues, want 2", standard)
	}
}

// A FIFO queue hands out one batch of a message group at a time, so one group
// makes looks serial. A concurrency of one is not to be had for a mapping (its
// least is two), and one reserved for the function would turn the tries that it
// throttles into dead letters. A look is done for all its wakes, or for none.
func TestLooksAreSerialByTheirGroupAndByNothingElse(t *testing.T) {
	_, m := deployed(t)
	id, looks := m.one(t, "AWS::SQS::Queue", "Looks")
	if !fifo(looks) {
		t.Fatalf("looks is no FIFO queue: %v", looks.Properties)
	}
	s := mappings(t, m)[id]
	for _, key := range []string{"ScalingConfig", "FunctionResponseTypes", "MaximumBatchingWindowInSeconds", "ProvisionedPollerConfig"} {
		if s.properties[key] != nil {
			t.Errorf("%s: %v", key, s.properties[key])
		}
	}
	for id, f := range m.of("AWS::Lambda::Function") {
		if f.Properties["ReservedConcurrentExecutions"] != nil {
			t.Errorf("%s reserves concurrency", id)
		}
	}
}

// A wake says its own deduplication id, and the look waits until no wake of the
// same id can come. A delay in the queue would make every job wait for more.
func TestWakesAreDeduplicatedAndNotHeldBack(t *testing.T) {
	_, m := deployed(t)
	_, looks := m.one(t, "AWS::SQS::Queue", "Looks")
	if looks.Properties["ContentBasedDeduplication"] != true {
		t.Error("wakes are not deduplicated by what they say")
	}
	if delay := number(looks.Properties["DelaySeconds"]); delay != 0 {
		t.Errorf("a wake is held back for %v s", delay)
	}
	if kept, hidden := number(looks.Properties["MessageRetentionPeriod"]), number(looks.Properties["VisibilityTimeout"]); kept < maxReceives*hidden || kept > 3600 {
		t.Errorf("wakes are kept for %v s, and are hidden for %v s at each try", kept, hidden)
	}
}

func TestOnlyTheLoopOfWakesMayGoRound(t *testing.T) {
	_, m := deployed(t)
	var loops []string
	for _, name := range []string{eventsFunction, lookFunction, tickFunction, webhookFunction} {
		if f, _ := m.function(t, name); f.Properties["RecursiveLoop"] == "Allow" {
			loops = append(loops, name)
		}
	}
	if diff := cmp.Diff([]string{eventsFunction, lookFunction}, loops); diff != "" {
		t.Errorf("loops (-want +got):\n%s", diff)
	}
}

func TestTheRulesBringNoticesThatTheProgramKnows(t *testing.T) {
	_, m := deployed(t)
	_, rule := m.one(t, "AWS::Events::Rule", "Notices")
	if diff := cmp.Diff([]any{"aws.ec2"}, dig(rule.Properties, "EventPattern", "source")); diff != "" {
		t.Errorf("source (-want +got):\n%s", diff)
	}
	kinds, _ := dig(rule.Properties, "EventPattern", "detail-type").([]any)
	if len(kinds) != 2 {
		t.Errorf("kinds: %v", kinds)
	}
	for _, kind := range kinds {
		message := `{"version":"0","source":"aws.ec2","detail-type":"` + kind.(string) + `","time":"2026-11-23T21:53:49Z","detail":{"instance-id":"i-1234567890abcdef0"}}`
		if _, err := notices.Decode([]byte(message)); err != nil {
			t.Errorf("%s: %v", kind, err)
		}
	}
	id, _ := m.one(t, "AWS::SQS::Queue", "Events")
	if to := dig(rule.Properties, "Targets", 0, "Arn", "Fn::GetAtt", 0); to != id {
		t.Errorf("notices go to %v", to)
	}
}

func TestAMinuteThatWasMissedIsNotMadeUpFor(t *testing.T) {
	_, m := deployed(t)
	_, rule := m.one(t, "AWS::Events::Rule", "Minute")
	if rule.Properties["ScheduleExpression"] != "rate(1 minute)" {
		t.Errorf("schedule %v", rule.Properties["ScheduleExpression"])
	}
	_, config := m.one(t, "AWS::Lambda::EventInvokeConfig", "")
	for what, policy := range map[string]any{"rule": dig(rule.Properties, "Targets", 0, "RetryPolicy"), "function": config.Properties} {
		if retries := dig(policy, "MaximumRetryAttempts"); retries != 0.0 {
			t.Errorf("%s: %v retries", what, retries)
		}
		if age := dig(policy, "MaximumEventAgeInSeconds"); age != 60.0 {
			t.Errorf("%s: tries for %v s", what, age)
		}
	}
}

func TestQueuesAreEncryptedAndSpokenToByTLSOnly(t *testing.T) {
	_, m := deployed(t)
	var guarded []string
	for _, p := range m.of("AWS::SQS::QueuePolicy") {
		statements, _ := dig(p.Properties, "PolicyDocument", "Statement").([]any)
		for _, s := range statements {
			if dig(s, "Effect") == "Deny" && dig(s, "Condition", "Bool", "aws:SecureTransport") == "false" {
				guarded = append(guarded, dig(p.Properties, "Queues", 0, "Ref").(string))
			}
		}
	}
	slices.Sort(guarded)
	queues := m.of("AWS::SQS::Queue")
	if diff := cmp.Diff(sorted(queues), guarded); diff != "" {
		t.Errorf("queues that refuse what is not TLS (-want +got):\n%s", diff)
	}
	for id, q := range queues {
		if q.Properties["SqsManagedSseEnabled"] != true {
			t.Errorf("%s is not encrypted", id)
		}
	}
}
