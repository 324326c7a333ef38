package catalog

import (
	_ "embed"
	"encoding/csv"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// Type is an EC2 instance type.
type Type struct {
	Name          string
	Family        string // what stands before the dot: c6g
	Arch          string // ARM64 or X86_64
	Generation    string // of the processor: "Graviton4", "Intel gen7"
	VCPU          int
	MemoryGiB     float64
	BareMetal     bool
	Burstable     bool
	Accelerated   bool // has a GPU or a video card
	SpotSupported bool
	OnDemand      float64 // USD an hour in Region
	Spot          float64 // USD an hour in Region: an average, never a quote
}

// Price is what an hour costs in USD, on Spot an estimate.
func (t Type) Price(spot bool) float64 {
	if spot {
		return t.Spot
	}
	return t.OnDemand
}

// unknownSaving is the share of the on-demand price that Spot saves where
// nobody published it: types newer than the figures.
const unknownSaving = 0.60

//go:embed data/types.csv
var file string

// types are all types by name. The file is part of the program, so an error in
// it is one of the program: a test reads every row.
var types = sync.OnceValue(func() map[string]Type {
	byName, err := read(file)
	if err != nil {
		panic(err)
	}
	return byName
})

// Lookup is the type of a name such as c6g.xlarge.
func Lookup(name string) (Type, bool) {
	t, ok := types()[name]
	return t, ok
}

// All yields every type, in no order.
func All() iter.Seq[Type] {
	return func(yield func(Type) bool) {
		for _, t := range types() {
			if !yield(t) {
				return
			}
		}
	}
}

// header is what the columns of the file must be, in order.
const header = "instance_type,family,arch,generation,vcpu,memory_gib,bare_metal,burstable,accelerator,spot_supported,ondemand_usd_hour,spot_usd_hour_est"

func read(text string) (map[string]Type, error) {
	rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil {
		return nil, fmt.Errorf("read instance types: %w", err)
	}
	if len(rows) == 0 || !slices.Equal(rows[0], strings.Split(header, ",")) {
		return nil, fmt.Errorf("read instance types: columns are not %s", header)
	}
	byName := make(map[string]Type, len(rows)-1)
	for _, row := range rows[1:] {
		t, err := typeFrom(row)
		if err != nil {
			return nil, fmt.Errorf("read instance type %s: %w", row[0], err)
		}
		byName[t.Name] = t
	}
	return byName, nil
}

func typeFrom(row []string) (t Type, err error) {
	number := func(text string) (n float64) {
		if err == nil {
			n, err = strconv.ParseFloat(text, 64)
		}
		return n
	}
	t = Type{
		Name: row[0], Family: row[1], Arch: row[2], Generation: row[3],
		VCPU: int(number(row[4])), MemoryGiB: number(row[5]),
		BareMetal: row[6] == "true", Burstable: row[7] == "true",
		Accelerated: row[8] != "", SpotSupported: row[9] == "true",
		OnDemand: number(row[10]),
	}
	t.Spot = t.OnDemand * (1 - unknownSaving)
	if row[11] != "" {
		t.Spot = number(row[11])
	}
	return t, err
}
