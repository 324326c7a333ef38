package fleet_test

import (
	"os"
	"strings"
	"testing"

	"github.com/runfleet/runfleet/fleet"
)

func TestREADMEHoldsThePhases(t *testing.T) {
	text, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(text), fleet.PhaseDiagram()) {
		t.Errorf("README.md does not hold the phases; they are now\n%s", fleet.PhaseDiagram())
	}
}
