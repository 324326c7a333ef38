package host

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/ec2/imds"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/runfleet/runfleet/cmd/internal/agent"
	"github.com/runfleet/runfleet/fleet"
)

// Metadata is EC2's metadata service, version 2 only.
type Metadata struct{ client *imds.Client }

// NewMetadata is the machine's own service, or the one that the environment
// names in AWS_EC2_METADATA_SERVICE_ENDPOINT.
func NewMetadata() *Metadata {
	return &Metadata{imds.New(imds.Options{EnableFallback: aws.FalseTernary})}
}

// Identity is which machine this is.
type Identity struct {
	Machine  fleet.MachineID
	Region   string
	Fleet    string // by tag
	Pool     string // by tag; for the log
	Standing bool   // by tag: it stays for many jobs
}

// The tags that name a machine's fleet, pool, lifetime and protocol; package
// provision sets them. Only a standing machine has a lifetime.
const (
	tagFleet    = "tags/instance/runfleet:fleet"
	tagPool     = "tags/instance/runfleet:pool"
	tagLifetime = "tags/instance/runfleet:lifetime"
	tagProtocol = "tags/instance/runfleet:protocol"
)

// protocol is the number of the tags and parameters that this agent reads. A
// machine without the tag is of the first one.
const protocol = "1"

// Identity asks who the machine is.
func (m *Metadata) Identity(ctx context.Context) (Identity, error) {
	var id Identity
	var machine, lifetime, number string
	for _, v := range []struct {
		path string
		into *string
		must bool
	}{
		{"instance-id", &machine, true},
		{"placement/region", &id.Region, true},
		{tagFleet, &id.Fleet, true},
		{tagPool, &id.Pool, false},
		{tagLifetime, &lifetime, false},
		{tagProtocol, &number, false},
	} {
		text, ok, err := m.get(ctx, v.path)
		if err != nil {
			return Identity{}, err
		}
		if !ok && v.must {
			return Identity{}, fmt.Errorf("metadata %s: not there", v.path)
		}
		*v.into = text
	}
	if number != "" && number != protocol {
		return Identity{}, fmt.Errorf("the machine is of protocol %s, this agent reads %s", number, protocol)
	}
	id.Machine, id.Standing = fleet.MachineID(machine), lifetime == string(fleet.Standing)
	return id, nil
}

// Notices are what Spot says about the machine now.
func (m *Metadata) Notices(ctx context.Context) ([]agent.Event, error) {
	var found []agent.Event
	_, rebalance, err := m.get(ctx, "events/recommendations/rebalance")
	if rebalance {
		found = append(found, agent.Rebalance{})
	}
	text, notice, actionErr := m.get(ctx, "spot/instance-action")
	if notice {
		var action struct{ Time time.Time }
		// A notice that cannot be read is still one, without a deadline.
		_ = json.Unmarshal([]byte(text), &action)
		found = append(found, agent.Notice{Deadline: action.Time})
	}
	return found, errors.Join(err, actionErr)
}

// get is a value of the metadata; ok is false if there is none.
func (m *Metadata) get(ctx context.Context, path string) (text string, ok bool, err error) {
	out, err := m.client.GetMetadata(ctx, &imds.GetMetadataInput{Path: path})
	if answer, is := errors.AsType[*smithyhttp.ResponseError](err); is && answer.HTTPStatusCode() == http.StatusNotFound {
		return "", false, nil
	}
	if err != nil {
		return "", false, fmt.Errorf("metadata %s: %w", path, err)
	}
	defer out.Content.Close()
	data, err := io.ReadAll(io.LimitReader(out.Content, 64<<10))
	if err != nil {
		return "", false, fmt.Errorf("metadata %s: %w", path, err)
	}
	return strings.TrimSpace(string(data)), true, nil
}
