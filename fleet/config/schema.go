package config

import (
	_ "embed" // for Sample
	"encoding/json"
)

// Sample is a complete fleet file with a comment for every key.
//
//go:embed sample.good.yaml
var Sample []byte

// Schema is a JSON Schema (draft 2020-12) of the fleet file, for editors. It
// is made from the table that Parse reads by. Rules between keys are Parse's
// alone.
func Schema() []byte {
	s := fileKeys().schema()
	s["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	s["title"] = "runfleet fleet file"
	out, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		panic(err) // maps, strings and numbers only
	}
	return append(out, '\n')
}
