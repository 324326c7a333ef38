package awssim

import (
	"cmp"
	"time"
)

// Faults is everything that goes wrong, as data. The zero value is a healthy
// region with the delays beside each field. Rates are shares of 1.
type Faults struct {
	BootMin, BootMax time.Duration // from launch until the agent starts: 5s to 20s; EC2 says running half way
	LagMin, LagMax   time.Duration // a new instance is not described, a new experiment not listed, a stop or start not shown, so long: 0s to 3s
	NeverBoots       float64       // an instance runs but its agent never starts
	DiesPending      float64       // an instance ends before it runs
	Throttled        float64       // a call is refused although its bucket is not empty
	Lost             float64       // a call works and its reply is lost
	ServerError      float64       // a call answers 500 and does nothing
	NoticeLost       float64       // instance metadata shows no recommendation, or no notice
	MessageMax       time.Duration // a message of EventBridge is under way so long at most: 2s
	MessageLost      float64       // it never comes
	MessageTwice     float64       // it comes twice
	RoleRefused      bool          // FIS may not act as the role, so experiments fail
	Windows          []Window
	Outages          []Outage
}

// Window is a time with more faults of calls than usual. Its rates add to the
// others.
type Window struct {
	From, Until                  time.Duration // since the account was made
	Operation                    string        // empty: every one
	Throttled, Lost, ServerError float64
}

// Outage is a time in which an offer is refused.
type Outage struct {
	From, Until time.Duration // since the account was made
	Offer       string        // type/zone/market, where each part may be "*"
	Code        string        // empty: InsufficientInstanceCapacity
}

func (f Faults) withDefaults() Faults {
	f.BootMin = cmp.Or(f.BootMin, 5*time.Second)
	f.BootMax = max(cmp.Or(f.BootMax, 20*time.Second), f.BootMin)
	f.LagMax = max(cmp.Or(f.LagMax, 3*time.Second), f.LagMin)
	f.MessageMax = cmp.Or(f.MessageMax, 2*time.Second)
	return f
}

// SetFaults replaces the faults from now on.
func (a *Account) SetFaults(f Faults) { a.do(func() { a.cfg.Faults = f.withDefaults() }) }

// rates are the faults of a call now.
func (a *Account) rates(op string) (throttled, lost, server float64) {
	f, since := a.cfg.Faults, a.cfg.Now().Sub(a.made)
	throttled, lost, server = f.Throttled, f.Lost, f.ServerError
	for _, w := range f.Windows {
		if since >= w.From && since < w.Until && (w.Operation == "" || w.Operation == op) {
			throttled, lost, server = throttled+w.Throttled, lost+w.Lost, server+w.ServerError
		}
	}
	return throttled, lost, server
}

// outage is the code with which an offer is refused now, empty if it is not.
func (a *Account) outage(patterns []string) string {
	since := a.cfg.Now().Sub(a.made)
	for _, o := range a.cfg.Faults.Outages {
		for _, p := range patterns {
			if p == o.Offer && since >= o.From && since < o.Until {
				return cmp.Or(o.Code, noCapacity)
			}
		}
	}
	return ""
}
