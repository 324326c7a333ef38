package world

import (
	"strconv"
	"time"

	"github.com/runfleet/runfleet/github/githubsim"
)

// part has a second App on some days, of which now one App is shut and now the
// other: suspended for a while, or deleted and installed anew. Their times do not
// meet, so that one of them is open.
func part(c *Config) {
	if chance(c.Seed, "second App at all") < 0.75 {
		return
	}
	c.Second = true
	for i := range 1 + int(chance(c.Seed, "partings")*4) {
		name := "parting " + strconv.Itoa(i)
		from := time.Duration(i)*30*time.Minute + time.Duration(chance(c.Seed, name+" from")*float64(10*time.Minute))
		to := from + time.Duration(chance(c.Seed, name+" for")*float64(20*time.Minute))
		app := []int64{appID, secondApp}[int(chance(c.Seed, name+" App")*2)]
		anew := int64(1000 + i)
		if chance(c.Seed, name+" deleted") < 0.5 {
			c.Moments = append(c.Moments,
				Moment{from, func(w *World) { w.GitHub.Uninstall(w.GitHub.InstallationOf(app, organisation)) }},
				Moment{to, func(w *World) {
					w.GitHub.AddInstallation(githubsim.Installation{ID: githubsim.InstallationID(anew), Account: organisation, App: app})
				}})
			continue
		}
		for at, suspended := range map[time.Duration]bool{from: true, to: false} {
			c.Moments = append(c.Moments, Moment{at, func(w *World) {
				w.GitHub.Suspend(w.GitHub.InstallationOf(app, organisation), suspended)
			}})
		}
	}
}
