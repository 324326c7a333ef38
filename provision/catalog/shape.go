package catalog

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// memoryPerVCPU is how many GiB a vCPU has at least where memory is not said.
const memoryPerVCPU = 2

// Range is what a number may be, both ends included. The zero Range was not
// said, and holds every number.
type Range struct{ Min, Max float64 }

// ParseRange reads "4" or "8..16". An error says what is wrong with the text:
// not a number above zero, or the ends the wrong way round.
func ParseRange(text string) (Range, error) {
	low, high, two := strings.Cut(strings.TrimSpace(text), "..")
	if !two {
		high = low
	}
	var r Range
	for end, part := range map[*float64]string{&r.Min: low, &r.Max: high} {
		n, err := strconv.ParseFloat(strings.TrimSpace(part), 64)
		if err != nil || n <= 0 || math.IsInf(n, 0) || math.IsNaN(n) {
			return Range{}, fmt.Errorf("%q is neither a number above zero nor a range such as 8..16", text)
		}
		*end = n
	}
	if r.Min > r.Max {
		return Range{}, fmt.Errorf("%q begins above its end", text)
	}
	return r, nil
}

// Holds reports whether n is within the range.
func (r Range) Holds(n float64) bool {
	return r == Range{} || r.Min <= n && n <= r.Max
}

// String is the range as ParseRange reads it, empty if it was not said.
func (r Range) String() string {
	switch {
	case r == Range{}:
		return ""
	case r.Min == r.Max:
		return text(r.Min)
	}
	return text(r.Min) + ".." + text(r.Max)
}

func text(n float64) string { return strconv.FormatFloat(n, 'g', -1, 64) }

// Shape is what a pool asks of a machine.
type Shape struct {
	Arch      string // ARM64 or X86_64; empty: either
	VCPU      Range
	MemoryGiB Range // not said: at least 2 GiB a vCPU
}

// Serve lists the types that can serve a shape, the cheapest on demand first,
// then by name. It is empty if there are none.
func Serve(s Shape) []Type {
	var list []Type
	for t := range All() {
		if s.fits(t) {
			list = append(list, t)
		}
	}
	slices.SortFunc(list, func(a, b Type) int {
		return cmp.Or(cmp.Compare(a.OnDemand, b.OnDemand), cmp.Compare(a.Name, b.Name))
	})
	return list
}

// fits reports whether t can serve the shape. Burstable types are out because
// a busy runner soon uses up their credits, accelerated and metal ones because
// who needs one names it.
func (s Shape) fits(t Type) bool {
	switch {
	case t.BareMetal, t.Burstable, t.Accelerated, !current(t):
		return false
	case s.Arch != "" && s.Arch != t.Arch:
		return false
	case !s.VCPU.Holds(float64(t.VCPU)), !s.MemoryGiB.Holds(t.MemoryGiB):
		return false
	}
	return s.MemoryGiB != Range{} || t.MemoryGiB >= memoryPerVCPU*float64(t.VCPU)
}

// current reports whether a type is young enough for a shape: arm64 means
// Graviton2 and newer, as the fleet file promises.
func current(t Type) bool {
	if t.Arch != ARM64 {
		return true
	}
	number := strings.TrimRight(strings.TrimPrefix(t.Generation, "Graviton"), "E")
	n, err := strconv.Atoi(number)
	return err == nil && n >= 2
}
