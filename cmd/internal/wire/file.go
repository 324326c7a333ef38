// Package wire makes the parts that a fleet file asks for. It is the only
// place where adapters meet.
package wire

import (
	"cmp"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/runfleet/runfleet/fleet"
	"github.com/runfleet/runfleet/fleet/config"
	"github.com/runfleet/runfleet/provision"
	"github.com/runfleet/runfleet/provision/bootstrap"
	"github.com/runfleet/runfleet/provision/catalog"
	"github.com/runfleet/runfleet/provision/pace"
)

// ReadFile reads and checks a fleet file. The error lists every problem with
// its place.
func ReadFile(path string) (*config.File, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read fleet file: %w (name it by --config or RUNFLEET_CONFIG)", err)
	}
	return parse(path, data)
}

// parse checks a fleet file that was read.
func parse(name string, data []byte) (*config.File, error) {
	f, err := config.Parse(name, data)
	if err != nil && f == nil {
		return nil, err
	}
	if err := f.Validate(checks()); err != nil {
		return nil, err
	}
	return f, nil
}

// checks are the rules of the fleet file that need the catalog.
func checks() config.Checks {
	return config.Checks{
		TypeArch: func(name string) (fleet.Arch, bool) {
			t, ok := catalog.Lookup(name)
			return fleet.Arch(t.Arch), ok
		},
		Suggest: catalog.Suggest,
		Serves:  func(a fleet.Arch, s config.Shape) int { return len(catalog.Serve(shape(a, s))) },
	}
}

func shape(a fleet.Arch, s config.Shape) catalog.Shape {
	out := catalog.Shape{Arch: string(a), VCPU: catalog.Range{Min: float64(s.VCPU), Max: float64(s.VCPU)}}
	if s.Memory != (config.Range{}) {
		out.MemoryGiB = catalog.Range{Min: float64(s.Memory.Min), Max: float64(s.Memory.Max)}
		if s.Memory.Max == 0 {
			out.MemoryGiB.Max = 1 << 20 // open at the top: no type has a PiB
		}
	}
	return out
}

// types are a pool's instance types, in order of preference: as the file
// names them, or the cheapest of its shape first.
func types(p config.Pool) []string {
	if len(p.Types) > 0 {
		return slices.Clone(p.Types)
	}
	var names []string
	for _, t := range catalog.Serve(shape(p.Arch, p.Shape)) {
		if len(names) < mostTypes {
			names = append(names, t.Name)
		}
	}
	return names
}

// mostTypes bounds what a shape stands for. AWS advises at least ten types;
// what comes after twenty costs more and is seldom chosen.
const mostTypes = 20

func specs(f *config.File) ([]provision.PoolSpec, error) {
	var all []provision.PoolSpec
	for i, p := range f.Pools {
		userData, err := userData(f, p)
		if err != nil {
			return nil, fmt.Errorf("pools[%d]: %w", i, err)
		}
		all = append(all, provision.PoolSpec{
			Name: p.Name, Arch: p.Arch, Types: types(p), Image: p.Image, DiskGiB: p.DiskGiB, Market: p.Market,
			Prepared: p.Prepared, UserData: userData, Standing: p.Stands(),
		})
	}
	return all, nil
}

// userData is what a pool's machines boot with. It is empty where the file says
// nothing of machines.
func userData(f *config.File, p config.Pool) ([]byte, error) {
	if f.Machine == (config.Machine{}) {
		return nil, nil
	}
	most := f.Limits.Machines
	if most == 0 {
		for _, p := range f.Pools {
			most += p.Max
		}
	}
	c := bootstrap.Config{
		Arch: p.Arch, Runner: bootstrap.Runner{Version: f.Machine.Runner.Version},
		Settings: bootstrap.Settings{
			Poll: poll(most, f.AWS.Share), Wait: p.BootLimit + p.IdleLimit,
			Job: p.JobLimit, Reports: cmp.Or(f.Machine.Reports, f.AWS.Queues.Reports),
		},
	}
	if !p.Prepared {
		c.Agent.URL, c.Agent.SHA256 = f.Machine.AgentFor(p.Arch)
		c.Runner.URL, c.Runner.SHA256 = f.Machine.RunnerFor(p.Arch)
	}
	return bootstrap.Script(c)
}

// poll is how long a machine waits between two questions for its config, so that
// all of them together keep to their part of a share.
func poll(machines int, share float64) time.Duration {
	each := float64(machines) / pace.Polls(share)
	return max(5*time.Second, time.Duration(each*float64(time.Second)).Round(time.Millisecond))
}
