package config

import (
	"errors"
	"regexp"
	"strings"
)

// inTable begins the place of a ledger that is in DynamoDB.
const inTable = "dynamodb:"

// tableName is what DynamoDB takes for the name of a table. Source: its
// developer guide, naming rules.
var tableName = regexp.MustCompile(`^[A-Za-z0-9_.-]{3,255}$`)

// InTable is the place of a ledger in a table of DynamoDB, as the fleet file has
// it: dynamodb:NAME.
func InTable(name string) string { return inTable + name }

// Table is the table of DynamoDB that holds the ledger; empty: it is a file.
func (s Serve) Table() string {
	name, ok := strings.CutPrefix(s.Ledger, inTable)
	if !ok {
		return ""
	}
	return name
}

// CheckLedger says what is wrong with the place of a ledger: a file's path, or
// dynamodb:NAME.
func CheckLedger(place string) error {
	if wrong, _ := ledgerPlace.wrong(place); wrong != "" {
		return errors.New(wrong)
	}
	return nil
}

// ledgerPlace is the place of a ledger.
var ledgerPlace = text{max: 1024, check: wrongLedger}

func wrongLedger(s string) string {
	name, ok := strings.CutPrefix(s, inTable)
	if ok && !tableName.MatchString(name) {
		return "must be a file, or dynamodb: and the name of a table (3 to 255 letters, digits, dots, dashes and underscores)"
	}
	return ""
}
