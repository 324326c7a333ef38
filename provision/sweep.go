package provision

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

// Limits of one call.
const (
	describeBatch = 100
	deleteBatch   = 25 // instant fleets; EC2 deletes none if there are more
)

// lagLimit is how long EC2 may not know a fleet that it made.
const lagLimit = 5 * time.Minute

// Leftovers lists the fleet's instant fleets and launch templates by id, those
// in use too, with the time each was made.
func (c *Cloud) Leftovers(ctx context.Context) (ec2Fleets, templates map[string]time.Time, err error) {
	ec2Fleets = map[string]time.Time{}
	c.mu.Lock()
	known := slices.Sorted(maps.Keys(c.known))
	c.mu.Unlock()
	for batch := range slices.Chunk(known, describeBatch) {
		if err := c.describeFleets(ctx, batch, ec2Fleets); err != nil {
			return nil, nil, err
		}
	}
	list, err := c.listTemplates(ctx)
	if err != nil {
		return nil, nil, err
	}
	templates = map[string]time.Time{}
	for _, t := range list {
		templates[aws.ToString(t.LaunchTemplateId)] = aws.ToTime(t.CreateTime)
	}
	return ec2Fleets, templates, nil
}

// describeFleets adds to found those of the ids that exist and are ours. The
// others are forgotten, unless they are so young that EC2 may lag.
func (c *Cloud) describeFleets(ctx context.Context, ids []string, found map[string]time.Time) error {
	err := withoutUnknown(ids, "InvalidFleetId", func(ids []string) error {
		request := &ec2.DescribeFleetsInput{FleetIds: ids}
		for {
			out, err := c.EC2.DescribeFleets(ctx, request)
			if err != nil {
				return translate(err)
			}
			for _, f := range out.Fleets {
				if tagMap(f.Tags)[TagFleet] == c.Fleet && !deleted(f.FleetState) {
					found[aws.ToString(f.FleetId)] = aws.ToTime(f.CreateTime)
				}
			}
			if aws.ToString(out.NextToken) == "" {
				return nil
			}
			request.NextToken = out.NextToken
		}
	})
	if err != nil {
		return fmt.Errorf("describe instant fleets: %w", err)
	}
	old := c.Now().Add(-lagLimit)
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, id := range ids {
		if _, ok := found[id]; !ok && c.known[id].Before(old) {
			c.forgetFleet(id)
		}
	}
	return nil
}

func deleted(s types.FleetStateCode) bool {
	return strings.HasPrefix(string(s), string(types.FleetStateCodeDeleted))
}

// forgetFleet drops an instant fleet that is gone. The caller holds the lock.
func (c *Cloud) forgetFleet(id string) {
	delete(c.known, id)
	c.gone[id] = true
}

// Sweep deletes instant fleets and launch templates by id. What is gone already
// is no error. EC2 ends the machines of an instant fleet that is deleted, so
// only fleets without machines belong here.
func (c *Cloud) Sweep(ctx context.Context, ec2Fleets, templates []string) error {
	var errs []error
	for batch := range slices.Chunk(ec2Fleets, deleteBatch) {
		errs = append(errs, c.deleteFleets(ctx, batch))
	}
	for _, template := range templates {
		errs = append(errs, c.deleteTemplate(ctx, template))
	}
	return errors.Join(errs...)
}

func (c *Cloud) deleteFleets(ctx context.Context, ids []string) error {
	var errs []error
	kept := map[string]bool{}
	err := withoutUnknown(ids, "InvalidFleetId", func(ids []string) error {
		// EC2 demands the flag for instant fleets: they cannot be deleted
		// and leave machines behind.
		out, err := c.EC2.DeleteFleets(ctx, &ec2.DeleteFleetsInput{FleetIds: ids, TerminateInstances: aws.Bool(true)})
		if err != nil {
			return translate(err)
		}
		for _, u := range out.UnsuccessfulFleetDeletions {
			if id, err := aws.ToString(u.FleetId), undeleted(u.Error); err != nil {
				kept[id] = true
				errs = append(errs, fmt.Errorf("delete instant fleet %s: %w", id, err))
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("delete %d instant fleets: %w", len(ids), err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, id := range ids {
		if !kept[id] {
			c.forgetFleet(id)
		}
	}
	return errors.Join(errs...)
}

// undeleted is why a fleet is still there, nil if it is not.
func undeleted(e *types.DeleteFleetError) error {
	switch {
	case e == nil,
		e.Code == types.DeleteFleetErrorCodeFleetIdDoesNotExist,
		e.Code == types.DeleteFleetErrorCodeFleetIdMalformed,
		e.Code == types.DeleteFleetErrorCodeFleetNotInDeletableState:
		return nil
	}
	return newAnswer(string(e.Code), aws.ToString(e.Message))
}

func (c *Cloud) deleteTemplate(ctx context.Context, template string) error {
	id, _ := parseTemplate(template)
	_, err := c.EC2.DeleteLaunchTemplate(ctx, &ec2.DeleteLaunchTemplateInput{LaunchTemplateId: aws.String(id)})
	err = translate(err)
	if err != nil && !strings.HasPrefix(code(err), badTemplate) {
		return fmt.Errorf("delete launch template %s: %w", id, err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	maps.DeleteFunc(c.templates, func(_, known string) bool { return known == id })
	return nil
}
