package awsproxy

import (
	"bytes"
	"context"
	"encoding/xml"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
)

// Offer is where there is no room. An empty field stands for all.
type Offer struct {
	Type   string // such as m7g.large
	Zone   string // such as us-east-1a
	Market string // spot or on-demand
}

func (o Offer) holds(x Offer) bool {
	return (o.Type == "" || o.Type == x.Type) && (o.Zone == "" || o.Zone == x.Zone) && (o.Market == "" || o.Market == x.Market)
}

// kept is a launch that was answered.
type kept struct {
	request string
	answer  answer
}

// fleets is what the proxy knows of launches.
type fleets struct {
	lock  sync.Mutex // one launch at a time, so that one token has one
	kept  map[string]kept
	empty []Offer
	zones map[string]string // by subnet
}

func newFleets() fleets { return fleets{kept: map[string]kept{}, zones: map[string]string{}} }

// SetEmpty replaces the offers for which there is no capacity from now on.
func (p *Proxy) SetEmpty(list ...Offer) {
	p.fleets.lock.Lock()
	defer p.fleets.lock.Unlock()
	p.fleets.empty = list
}

// AddEmpty adds one to them.
func (p *Proxy) AddEmpty(o Offer) {
	p.fleets.lock.Lock()
	defer p.fleets.lock.Unlock()
	p.fleets.empty = append(p.fleets.empty, o)
}

// launch is CreateFleet. One token has one answer, and another request with it
// is refused; offers without capacity are errors beside what came.
func (p *Proxy) launch(c Call) (answer, error) {
	p.fleets.lock.Lock()
	defer p.fleets.lock.Unlock()
	token, request := c.Form.Get("ClientToken"), c.Form.Encode()
	if before, ok := p.fleets.kept[token]; ok && !p.Forgets {
		if before.request != request {
			return errorOf(true, http.StatusBadRequest, "IdempotentParameterMismatch", "Arguments on this idempotent request are inconsistent with arguments used in previous request(s)."), nil
		}
		return before.answer, nil
	}
	full, err := p.withoutEmpty(&c)
	if err != nil {
		return answer{}, err
	}
	a := answer{http.StatusOK, http.Header{"Content-Type": {"text/xml"}}, nothing}
	if c.Form.Has(overrideKey(1, "InstanceType")) {
		if a, err = p.send(context.Background(), c); err != nil {
			return answer{}, err
		}
	}
	if a.status != http.StatusOK {
		return a, nil
	}
	if len(full) > 0 {
		a.body = bytes.Replace(a.body, []byte(closing), []byte("<errorSet>"+strings.Join(full, "")+"</errorSet>"+closing), 1)
	}
	if token != "" {
		p.fleets.kept[token] = kept{request, a}
	}
	return a, nil
}

const closing = "</CreateFleetResponse>"

// nothing is EC2's answer where no offer has room, but for the errors.
var nothing = []byte(`<CreateFleetResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><requestId>` + requestID +
	`</requestId><fleetId>fleet-00000000-0000-0000-0000-000000000000</fleetId><fleetInstanceSet/>` + closing)

// overrideKey names a field of the request's n-th override, from 1 on.
func overrideKey(n int, field string) string {
	return "LaunchTemplateConfigs.1.Overrides." + strconv.Itoa(n) + "." + field
}

// withoutEmpty takes the overrides out of a call that have no capacity, and gives
// EC2's error for each.
func (p *Proxy) withoutEmpty(c *Call) (full []string, err error) {
	if len(p.fleets.empty) == 0 {
		return nil, nil
	}
	form, market, left := url.Values{}, c.Form.Get("TargetCapacitySpecification.DefaultTargetCapacityType"), 0
	for key, values := range c.Form {
		if !strings.HasPrefix(key, "LaunchTemplateConfigs.1.Overrides.") {
			form[key] = values
		}
	}
	for n := 1; c.Form.Has(overrideKey(n, "InstanceType")); n++ {
		subnet := c.Form.Get(overrideKey(n, "SubnetId"))
		zone, err := p.zone(*c, subnet)
		if err != nil {
			return nil, err
		}
		offer := Offer{c.Form.Get(overrideKey(n, "InstanceType")), zone, market}
		if p.isEmpty(offer) {
			full = append(full, errorItem(*c, offer, subnet))
			continue
		}
		left++
		for _, field := range []string{"InstanceType", "SubnetId", "Priority"} {
			if c.Form.Has(overrideKey(n, field)) {
				form.Set(overrideKey(left, field), c.Form.Get(overrideKey(n, field)))
			}
		}
	}
	c.Form, c.body = form, []byte(form.Encode())
	return full, nil
}

func (p *Proxy) isEmpty(x Offer) bool {
	for _, o := range p.fleets.empty {
		if o.holds(x) {
			return true
		}
	}
	return false
}

func errorItem(c Call, o Offer, subnet string) string {
	template := "LaunchTemplateConfigs.1.LaunchTemplateSpecification."
	return fmt.Sprintf("<item><launchTemplateAndOverrides><launchTemplateSpecification><launchTemplateId>%s</launchTemplateId><version>%s</version></launchTemplateSpecification>"+
		"<overrides><instanceType>%s</instanceType><subnetId>%s</subnetId><availabilityZone>%s</availabilityZone></overrides></launchTemplateAndOverrides><lifecycle>%s</lifecycle>"+
		"<errorCode>InsufficientInstanceCapacity</errorCode><errorMessage>There is no %s capacity available that matches your request.</errorMessage></item>",
		c.Form.Get(template+"LaunchTemplateId"), c.Form.Get(template+"Version"), o.Type, subnet, o.Zone, o.Market, o.Market)
}

// zone is a subnet's, which the server is asked for once, with the launch's own
// signature: moto reads no more of it than the service.
func (p *Proxy) zone(c Call, subnet string) (string, error) {
	if zone, ok := p.fleets.zones[subnet]; ok {
		return zone, nil
	}
	c.body = []byte(url.Values{"Action": {"DescribeSubnets"}, "Version": {"2016-11-15"}}.Encode())
	a, err := p.send(context.Background(), c)
	if err != nil {
		return "", err
	}
	var out struct {
		Subnets []struct {
			ID   string `xml:"subnetId"`
			Zone string `xml:"availabilityZone"`
		} `xml:"subnetSet>item"`
	}
	if err := xml.Unmarshal(a.body, &out); err != nil {
		return "", fmt.Errorf("subnets: %w", err)
	}
	for _, s := range out.Subnets {
		p.fleets.zones[s.ID] = s.Zone
	}
	zone, ok := p.fleets.zones[subnet]
	if !ok {
		return "", fmt.Errorf("the server has no subnet %s", subnet)
	}
	return zone, nil
}
