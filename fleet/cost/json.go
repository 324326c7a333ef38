package cost

import (
	"encoding/json"
	"math"
)

// rounded is seconds without what adding up many fractions leaves behind.
func rounded(seconds float64) float64 { return math.Round(seconds*1e6) / 1e6 }

// MarshalJSON writes the part as seconds and dollars.
func (p Part) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Seconds float64 `json:"seconds"`
		USD     float64 `json:"usd"`
	}{rounded(p.Seconds), p.USD})
}

// MarshalJSON writes the bill with its sums.
func (b Bill) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		USD     float64 `json:"usd"`
		Billed  float64 `json:"billed_seconds"`
		Work    Part    `json:"work"`
		Boot    Part    `json:"boot"`
		Idle    Part    `json:"idle"`
		Wasted  Part    `json:"wasted"`
		Minimum Part    `json:"minimum"`
		Disk    float64 `json:"disk_usd"`
		Address float64 `json:"address_usd"`
		Stopped Part    `json:"stopped"`
	}{b.USD(), rounded(b.Billed()), b.Work, b.Boot, b.Idle, b.Wasted, b.Minimum, b.Disk, b.Address, b.Stopped})
}
