package catalog

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestPublishedPrices(t *testing.T) {
	// From AWS's price list of us-east-1, Linux.
	for name, want := range map[string]float64{
		"c5.4xlarge": 0.680, "c6g.4xlarge": 0.544, "c5a.4xlarge": 0.616,
		"g4dn.xlarge": 0.526, "vt1.3xlarge": 0.650,
	} {
		if got, ok := Lookup(name); !ok || got.Price(false) != want {
			t.Errorf("on-demand price of %s: %v, want %v", name, got.OnDemand, want)
		}
	}
}

func TestLookup(t *testing.T) {
	got, ok := Lookup("c6g.xlarge")
	want := Type{
		Name: "c6g.xlarge", Family: "c6g", Arch: ARM64, Generation: "Graviton2",
		VCPU: 4, MemoryGiB: 8, SpotSupported: true, OnDemand: 0.136, Spot: got.Spot,
	}
	if diff := cmp.Diff(want, got); !ok || diff != "" {
		t.Errorf("c6g.xlarge (-want +got):\n%s", diff)
	}
	if got, ok := Lookup("c6g.huge"); ok {
		t.Errorf("a type that does not exist was found: %v", got)
	}
}

func TestEveryRow(t *testing.T) {
	count := 0
	for typ := range All() {
		count++
		switch {
		case typ.Arch != ARM64 && typ.Arch != X86_64:
			t.Errorf("%s: architecture %q", typ.Name, typ.Arch)
		case !strings.HasPrefix(typ.Name, typ.Family+"."):
			t.Errorf("%s: family %q", typ.Name, typ.Family)
		case typ.VCPU < 1, typ.MemoryGiB <= 0, typ.OnDemand <= 0:
			t.Errorf("%s: a figure is missing: %+v", typ.Name, typ)
		case typ.Price(true) <= 0 || typ.Price(true) >= typ.Price(false):
			t.Errorf("%s: spot costs %v, on-demand %v", typ.Name, typ.Spot, typ.OnDemand)
		}
	}
	if count < 700 {
		t.Errorf("only %d types", count)
	}
}

func TestRead(t *testing.T) {
	for name, text := range map[string]string{
		"an empty file is an error":           "",
		"other columns are an error":          "instance_type,price\nc5.large,1\n",
		"a row of another length is an error": header + "\nc5.large\n",
		"a price that is no number is an error": header +
			"\nc5.large,c5,x86_64,Intel gen5,2,4,false,false,,true,cheap,\n",
	} {
		if _, err := read(text); err == nil {
			t.Error(name)
		}
	}
}

func TestUnknownSpotPriceIsAStandIn(t *testing.T) {
	got, err := read(header + "\nc5.large,c5,x86_64,Intel gen5,2,4,false,false,,true,0.10,\n")
	if spot := got["c5.large"].Spot; err != nil || spot < 0.0399 || spot > 0.0401 {
		t.Errorf("spot price %v, %v; want 0.04", spot, err)
	}
}

func TestParseRange(t *testing.T) {
	for _, tt := range []struct {
		name, in string
		want     Range
		ok       bool
	}{
		{"a number is exact", "4", Range{4, 4}, true},
		{"two ends are a range", "4..8", Range{4, 8}, true},
		{"spaces are allowed", " 4 .. 8 ", Range{4, 8}, true},
		{"half a gibibyte is a number", "0.5..1", Range{0.5, 1}, true},
		{"nothing is no range", "", Range{}, false},
		{"zero is no size", "0", Range{}, false},
		{"a negative number is no size", "-4", Range{}, false},
		{"an open end is no range", "4..", Range{}, false},
		{"an open beginning is no range", "..4", Range{}, false},
		{"ends the wrong way round are refused", "8..4", Range{}, false},
		{"three ends are refused", "1..2..3", Range{}, false},
		{"a unit is refused", "4GiB", Range{}, false},
		{"infinity is no size", "1..Inf", Range{}, false},
		{"not a number is refused", "NaN", Range{}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := ParseRange(tt.in)
			if got != tt.want || (err == nil) != tt.ok {
				t.Fatalf("ParseRange(%q) = %v, %v", tt.in, got, err)
			}
			if again, err := ParseRange(got.String()); tt.ok && (err != nil || again != got) {
				t.Errorf("%q reads back as %v, %v", got.String(), again, err)
			}
		})
	}
	if (Range{}).String() != "" || !(Range{}).Holds(7) {
		t.Error("a range that was not said holds every number and has no text")
	}
}

func TestServe(t *testing.T) {
	for _, tt := range []struct {
		name     string
		shape    Shape
		with     []string // must be there, in this order
		without  []string
		cheapest string
	}{
		{
			name:     "a shape without memory has two GiB a vCPU at least",
			shape:    Shape{Arch: ARM64, VCPU: Range{4, 4}},
			with:     []string{"c6g.xlarge", "m6g.xlarge", "r6g.xlarge"},
			without:  []string{"t4g.xlarge", "g5g.xlarge", "c6g.2xlarge", "c5.xlarge"},
			cheapest: "c6g.xlarge",
		},
		{
			name:    "memory is a range",
			shape:   Shape{Arch: ARM64, VCPU: Range{4, 4}, MemoryGiB: Range{8, 16}},
			with:    []string{"c6g.xlarge", "m6g.xlarge"},
			without: []string{"r6g.xlarge", "c6g.2xlarge"},
		},
		{
			name:    "vcpu is a range",
			shape:   Shape{Arch: X86_64, VCPU: Range{4, 8}},
			with:    []string{"c5a.xlarge", "c5.xlarge", "c5a.2xlarge"},
			without: []string{"c5.large", "c5.4xlarge", "c6g.xlarge", "g4dn.xlarge", "t3.xlarge"},
		},
		{
			name:    "metal is never served",
			shape:   Shape{},
			with:    []string{"c6g.medium"},
			without: []string{"c6g.metal", "vt1.3xlarge"},
		},
		{
			name:  "a shape that nothing has is served by nothing",
			shape: Shape{Arch: ARM64, VCPU: Range{3, 3}},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var names []string
			for _, typ := range Serve(tt.shape) {
				names = append(names, typ.Name)
			}
			var with []string
			for _, name := range names {
				if slices.Contains(tt.with, name) {
					with = append(with, name)
				}
				if slices.Contains(tt.without, name) {
					t.Errorf("%s is served", name)
				}
			}
			if diff := cmp.Diff(tt.with, with); diff != "" {
				t.Errorf("served (-want +got):\n%s", diff)
			}
			if tt.cheapest != "" && names[0] != tt.cheapest {
				t.Errorf("cheapest is %s, want %s", names[0], tt.cheapest)
			}
		})
	}
}

func TestServeIsInOrder(t *testing.T) {
	list := Serve(Shape{})
	for i, b := range list[1:] {
		a := list[i]
		if a.OnDemand > b.OnDemand || a.OnDemand == b.OnDemand && a.Name >= b.Name {
			t.Errorf("%s stands before %s", a.Name, b.Name)
		}
	}
}

func TestFirstGravitonServesNoShape(t *testing.T) {
	for generation, want := range map[string]bool{
		"Graviton": false, "Graviton1": false, "Graviton2": true, "Graviton3E": true, "Graviton5": true,
	} {
		typ := Type{Arch: ARM64, Generation: generation, VCPU: 4, MemoryGiB: 8}
		if got := (Shape{Arch: ARM64}).fits(typ); got != want {
			t.Errorf("%s serves: %v", generation, got)
		}
	}
}

func TestSuggest(t *testing.T) {
	for in, want := range map[string]string{
		"c6g.xlrage":  "c6g.xlarge",
		"C6G.XLARGE":  "c6g.xlarge",
		"c6g.xlrge":   "c6g.xlarge",
		"c6g.3xlarge": "c6g.2xlarge",
		"m8g.xlargee": "m8g.xlarge",
		"nonsense":    "",
		"":            "",
	} {
		if got := Suggest(in); got != want {
			t.Errorf("Suggest(%q) = %q, want %q", in, got, want)
		}
	}
}
