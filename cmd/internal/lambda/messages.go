package lambda

import (
	"encoding/json"
	"fmt"
	"strconv"
)

// batch is messages of SQS as Lambda hands them over.
type batch struct {
	Records []struct {
		ID         string            `json:"messageId"`
		Body       string            `json:"body"`
		Attributes map[string]string `json:"attributes"`
		Source     string            `json:"eventSourceARN"`
	} `json:"Records"`
}

func batchOf(payload []byte) (batch, error) {
	var b batch
	if err := json.Unmarshal(payload, &b); err != nil {
		return b, fmt.Errorf("batch of messages: %w", err)
	}
	return b, nil
}

// left names the messages of a batch that are not to be deleted. The list is
// never null: Lambda would take that for a failure of all.
type left struct {
	Failures []leftItem `json:"batchItemFailures"`
}

type leftItem struct {
	ID string `json:"itemIdentifier"`
}

func leave(ids []string) left {
	l := left{Failures: []leftItem{}}
	for _, id := range ids {
		l.Failures = append(l.Failures, leftItem{id})
	}
	return l
}

// times is how often SQS handed a message over.
func times(attributes map[string]string) int {
	n, _ := strconv.Atoi(attributes["ApproximateReceiveCount"]) // 0: it did not say
	return n
}
