package config

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/runfleet/runfleet/fleet"
)

// selfHosted is the label that GitHub's own documentation tells every job to
// ask for.
var selfHosted = fleet.NewLabels("self-hosted")

var burstable = regexp.MustCompile(`^t[0-9]`)

// Warnings are what a file may say and its author may not have meant. They
// are in the order of their places.
func (f *File) Warnings() []Problem {
	r := reading{file: f.read.file, places: f.read.places}
	_, read := r.places["github"]
	if _, said := r.places["github.allow"]; read && !said {
		r.at("github", "without allow, every account that installed the App is served", "name the accounts under allow")
	}
	f.warnForks(&r)
	f.warnReports(&r)
	stock := -1 // the first pool that nobody makes into a runner
	plain := -1 // the first pool that a job asking only for self-hosted fits
	for i, p := range f.Pools {
		path := poolPath(i)
		r.warnLabels(path, p)
		r.warnMachine(path, p)
		if stock < 0 && !p.Prepared && f.Machine == (Machine{}) {
			stock = i
			r.at(path, "its image is not prepared and the file has no machine: its machines power off at once", "say under machine where agent and runner are")
		}
		r.warnHours(path, p.Hours)
		r.warnStanding(path, p)
		if f.Limits.Machines > 0 && p.Max > f.Limits.Machines {
			r.at(path+".max", fmt.Sprintf("more than limits.machines (%d) allows", f.Limits.Machines), "")
		}
		switch {
		case p.Arch == "" || !p.Fits(selfHosted):
		case plain < 0:
			plain = i
		case f.Pools[plain].Arch != p.Arch:
			r.at(path+".labels", fmt.Sprintf("with %s (line %d), a job that asks only for self-hosted may get either architecture",
				poolPath(plain), r.placeOf(poolPath(plain)).line), "name the architecture in runs-on")
		}
	}
	return r.problems.sorted()
}

// foreign are the labels that GitHub's own runners have for an architecture.
var foreign = map[fleet.Arch]fleet.Labels{
	fleet.ARM64: fleet.NewLabels("x64"),
	fleet.X86:   fleet.NewLabels("arm64"),
}

func (r *reading) warnLabels(path string, p Pool) {
	if p.Labels == "" {
		return
	}
	if !p.Labels.Holds(selfHosted) {
		r.at(path+".labels", "without self-hosted, jobs that ask for it pass this pool by", "")
	}
	if other, ok := foreign[p.Arch]; ok && p.Labels.Holds(other) {
		r.at(path+".labels", fmt.Sprintf("the label %s stands on a pool of %s", other, p.Arch), "")
	}
}

func (r *reading) warnMachine(path string, p Pool) {
	for i, t := range p.Types {
		if burstable.MatchString(t) {
			r.at(fmt.Sprintf("%s.types[%d]", path, i), "burstable: long jobs run out of CPU credits", "")
		}
	}
	if p.Market == fleet.Spot {
		r.at(path+".market", "jobs wait while spot has no capacity", "spot-first falls back to on-demand")
	}
	image := strings.ToLower(p.Image)
	arm := strings.Contains(image, "arm64") || strings.Contains(image, "aarch64")
	x86 := strings.Contains(image, "amd64") || strings.Contains(image, "x86_64")
	if p.Arch == fleet.ARM64 && x86 && !arm || p.Arch == fleet.X86 && arm && !x86 {
		r.at(path+".image", fmt.Sprintf("looks like another architecture than %s", p.Arch), "")
	}
}
