package awsproxy

import (
	"cmp"
	"fmt"
	"hash/fnv"
	"net/http"
	"time"
)

// Trouble is a class of what goes wrong with a call.
type Trouble string

// The classes.
const (
	Throttled Trouble = "throttled" // refused: too many calls. Nothing is done
	Failed    Trouble = "failed"    // answered with 500. Nothing is done, which nobody knows
	Refused   Trouble = "refused"   // answered with Code. Nothing is done
	Down      Trouble = "down"      // the connection breaks before anything is done
	Lost      Trouble = "lost"      // done, and the connection breaks instead of an answer
	Slow      Trouble = "slow"      // done at once, and answered after Wait
)

// Fault is what goes wrong with the calls that it matches.
type Fault struct {
	What      Trouble
	Service   string        // such as "ec2"; empty: every one
	Operation string        // such as "CreateFleet"; empty: every one
	Rate      float64       // of the matching calls; 0 is all of them
	Times     int           // at most; 0: no bound
	Wait      time.Duration // of Slow, until the answer; of Down and Lost, until the connection breaks
	Code      string        // of Refused: the service's, such as InsufficientInstanceCapacity
}

// planned is a fault and how often it happened.
type planned struct {
	Fault
	hit int
}

// SetFaults replaces the faults from now on. Of several that are due the first
// one happens.
func (p *Proxy) SetFaults(list ...Fault) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.faults = nil
	for _, f := range list {
		p.faults = append(p.faults, &planned{Fault: f})
	}
}

// AddFault adds one to the faults.
func (p *Proxy) AddFault(f Fault) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.faults = append(p.faults, &planned{Fault: f})
}

// arrived counts a call, and says what happens to it.
func (p *Proxy) arrived(c Call) Fault {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.calls[c.Service] == nil {
		p.calls[c.Service] = map[string]int{}
	}
	p.calls[c.Service][c.Operation]++
	if !p.within(c) {
		return Fault{What: Throttled}
	}
	for _, f := range p.faults {
		switch {
		case f.Service != "" && f.Service != c.Service, f.Operation != "" && f.Operation != c.Operation:
		case f.Times > 0 && f.hit >= f.Times:
		case f.Rate > 0 && p.draw(c, f.What) >= f.Rate:
		default:
			f.hit++
			return f.Fault
		}
	}
	return Fault{}
}

// draw is a number in [0, 1): a function of the seed, the operation, the trouble
// and how many were drawn for both. The caller holds the lock.
func (p *Proxy) draw(c Call, what Trouble) float64 {
	key := c.Service + "." + c.Operation + " " + string(what)
	n := p.drawn[key]
	p.drawn[key] = n + 1
	h := fnv.New64a()
	fmt.Fprintf(h, "%d\x00%s\x00%d", p.seed, key, n)
	// The last bytes hardly reach the upper bits of an FNV sum: two rounds spread them.
	x := h.Sum64()
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return float64((x^x>>31)>>11) / (1 << 53)
}

// refusal is an error as the call's service words it.
func refusal(c Call, f Fault) answer {
	xml := c.Form != nil
	switch {
	case f.What == Refused:
		return errorOf(xml, http.StatusBadRequest, f.Code, "refused by the test")
	case f.What == Failed && xml:
		return errorOf(xml, http.StatusInternalServerError, "InternalError", "An internal error has occurred")
	case f.What == Failed:
		return errorOf(xml, http.StatusInternalServerError, "InternalServerError", "An error occurred on the server side.")
	case xml:
		return errorOf(xml, http.StatusServiceUnavailable, "RequestLimitExceeded", "Request limit exceeded.")
	}
	return errorOf(xml, http.StatusBadRequest, "ThrottlingException", "Rate exceeded")
}

// errorOf is how EC2 (XML), or a service that speaks JSON, says no.
func errorOf(xml bool, status int, code, text string) answer {
	if !xml {
		return answer{status, http.Header{"Content-Type": {"application/x-amz-json-1.1"}}, fmt.Appendf(nil, `{"__type":%q,"message":%q}`, code, text)}
	}
	body := fmt.Sprintf(`<?xml version="1.0" encoding="UTF-8"?><Response><Errors><Error><Code>%s</Code><Message>%s</Message></Error></Errors><RequestID>%s</RequestID></Response>`,
		cmp.Or(code, "InternalError"), text, requestID)
	return answer{status, http.Header{"Content-Type": {"text/xml"}}, []byte(body)}
}

const requestID = "00000000-0000-0000-0000-000000000000"
