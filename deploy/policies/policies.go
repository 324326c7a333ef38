// Package policies owns what the fleet's roles may do: documents with
// placeholders, the same for who makes the roles by hand and for the stacks.
//
// # Decisions
//
// The documents are files, because a person who reads or copies one needs no
// program for it. What the stacks deploy is these files with the placeholders
// filled, so the two cannot differ.
package policies

import (
	"embed"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
)

//go:embed *.json
var files embed.FS

// Names is what the placeholders stand for. A value may be a token of the CDK.
type Names struct {
	Partition string // of AWS, for the files' aws
	Region    string
	Account   string
	Fleet     string

	EventsQueue  string // by name; only serve's policy names it
	ReportsQueue string // by name; a machine's policy names it, and serve's
	MachineRole  string // by name; the manager's policy names it
	DrillRole    string // by name; likewise
}

// fill is what stands for each placeholder.
func (n Names) fill() map[string]string {
	return map[string]string{
		"REGION": n.Region, "ACCOUNT": n.Account, "FLEET": n.Fleet,
		"EVENTS_QUEUE": n.EventsQueue, "REPORTS_QUEUE": n.ReportsQueue, "MACHINE_ROLE": n.MachineRole, "DRILL_ROLE": n.DrillRole,
	}
}

// placeholder is a word in capitals. The actions and keys of IAM have none.
var placeholder = regexp.MustCompile(`\b[A-Z][A-Z_]+[A-Z]\b`)

// Machine is what a machine may do: its own config and its own reports.
func Machine(n Names) (map[string]any, error) { return document("machine.json", n) }

// Manager is what the manager may do in EC2, SSM, IAM and FIS.
func Manager(n Names) (map[string]any, error) { return document("manager.json", n) }

// Serve is what serve may do besides, where its fleet file names queues: functions
// are handed theirs by Lambda, so no stack deploys it.
func Serve(n Names) (map[string]any, error) { return document("serve.json", n) }

// Drill is what AWS Fault Injection Service may do in a drill.
func Drill(n Names) (map[string]any, error) { return document("drill.json", n) }

// document is a file with its placeholders filled. One that nobody filled is
// an error: a policy about "FLEET" would be deployed and allow nothing.
func document(name string, n Names) (map[string]any, error) {
	text, err := files.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("policy %s: %w", name, err)
	}
	fill := n.fill()
	var missing []string
	filled := placeholder.ReplaceAllStringFunc(string(text), func(word string) string {
		if fill[word] == "" {
			missing = append(missing, word)
		}
		return fill[word]
	})
	if len(missing) > 0 {
		return nil, fmt.Errorf("policy %s: nothing stands for %s", name, strings.Join(missing, ", "))
	}
	filled = strings.ReplaceAll(filled, `"arn:aws:`, `"arn:`+n.Partition+`:`)
	var doc map[string]any
	if err := json.Unmarshal([]byte(filled), &doc); err != nil {
		return nil, fmt.Errorf("policy %s: %w", name, err)
	}
	return doc, nil
}
