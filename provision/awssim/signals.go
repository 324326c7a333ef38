package awssim

import (
	"encoding/json"
	"fmt"
	"time"
)

// noticeTime is how long before the end Spot announces it.
const noticeTime = 2 * time.Minute

// The two messages about a Spot instance, by detail-type. Source: EC2's user
// guide, rebalance recommendations and interruption notices.
const (
	recommendation = "EC2 Instance Rebalance Recommendation"
	warning        = "EC2 Spot Instance Interruption Warning"
)

// message is an EventBridge message in its documented shape.
type message struct {
	Version    string    `json:"version"`
	ID         string    `json:"id"`
	DetailType string    `json:"detail-type"`
	Source     string    `json:"source"`
	Account    string    `json:"account"`
	Time       time.Time `json:"time"`
	Region     string    `json:"region"`
	Resources  []string  `json:"resources"`
	Detail     detail    `json:"detail"`
}

type detail struct {
	Instance string `json:"instance-id"`
	Action   string `json:"instance-action,omitempty"`
}

// Rebalance recommends to leave an instance, and nothing follows. It does
// nothing to one that is not a running Spot instance.
func (a *Account) Rebalance(id string) { a.do(func() { a.recommend(a.instances[id]) }) }

// Notice announces that Spot takes an instance back, and takes it two minutes
// later. It does nothing to one that is not a running Spot instance, or whose
// end is announced already.
func (a *Account) Notice(id string) { a.do(func() { a.notice(a.instances[id]) }) }

func (a *Account) recommend(i *instance) {
	if i == nil || !i.offer.spot || !i.alive() {
		return
	}
	if a.draw("recommendation lost", i.id) >= a.cfg.Faults.NoticeLost {
		a.tell(a.cfg.OnRebalance, i.told())
	}
	a.send(i, recommendation)
}

func (a *Account) notice(i *instance) {
	if i == nil || !i.offer.spot || !i.alive() || !i.reclaim.IsZero() {
		return
	}
	i.reclaim = a.cfg.Now().Add(noticeTime)
	if a.draw("notice lost", i.id) >= a.cfg.Faults.NoticeLost {
		a.tell(a.cfg.OnNotice, i.told())
	}
	a.send(i, warning)
	a.after(noticeTime, func() { a.reclaim(i) })
}

// send hands a message about an instance to EventBridge, which delivers it at
// least once, usually.
func (a *Account) send(i *instance, kind string) {
	if a.cfg.OnMessage == nil {
		return
	}
	x, y := a.bits("id of message", i.id), a.bits("id of message", i.id)
	m := message{
		Version: "0", DetailType: kind, Source: "aws.ec2", Account: a.cfg.Account, Region: a.cfg.Region,
		ID:        fmt.Sprintf("%08x-%04x-%04x-%04x-%012x", x>>32, x>>16&0xffff, x&0xffff, y>>48, y&0xffffffffffff),
		Time:      a.cfg.Now().UTC().Truncate(time.Second),
		Resources: []string{a.arn("ec2", "instance/"+i.id)}, Detail: detail{Instance: i.id},
	}
	if kind == warning {
		// EC2 names the zone in place of the region here, and no account.
		m.Resources[0], m.Detail.Action = "arn:aws:ec2:"+i.offer.zone+":instance/"+i.id, "terminate"
	}
	body, err := json.Marshal(m)
	if err != nil {
		panic(err) // unreachable: it holds texts and a time only
	}
	times, f := 1, a.cfg.Faults
	if a.draw("message twice", i.id) < f.MessageTwice {
		times = 2
	}
	if a.draw("message lost", i.id) < f.MessageLost {
		times = 0
	}
	for range times {
		a.after(a.between(0, f.MessageMax, "message", i.id), func() {
			a.hooks = append(a.hooks, func() { a.cfg.OnMessage(body) })
		})
	}
}

// arn names something of the account.
func (a *Account) arn(service, resource string) string {
	return "arn:aws:" + service + ":" + a.cfg.Region + ":" + a.cfg.Account + ":" + resource
}
