package provision

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/runfleet/runfleet/fleet"
)

// Recipes says what each pool would launch now, in the order of the pools. It
// makes the launch templates that are not there yet, unless it runs dry. A type
// that a zone does not offer is in its offers all the same: the launch finds out.
func (c *Cloud) Recipes(ctx context.Context) ([]fleet.Recipe, error) {
	places, err := c.places(ctx)
	if err != nil && !errors.Is(err, fleet.ErrConfig) {
		return nil, err
	}
	recipes := make([]fleet.Recipe, len(c.Pools))
	for i, p := range c.Pools {
		recipes[i] = fleet.Recipe{Pool: p.Name}
		if err != nil {
			recipes[i].Problem = err.Error()
			continue
		}
		id, err := c.template(ctx, p)
		if err != nil && ctx.Err() != nil {
			return nil, err
		}
		if err != nil {
			recipes[i].Problem = err.Error()
			continue
		}
		recipes[i].Template = id + ":" + templateVersion
		recipes[i].Offers = p.offers(places)
	}
	return recipes, nil
}

// place is where a zone's next machines go.
type place struct{ zone, subnet string }

// offers are all that a pool may launch, in order of preference. There is one
// subnet for a zone: EC2 refuses two offers that differ in nothing else.
func (p PoolSpec) offers(places []place) []fleet.Offer {
	markets := p.markets()
	list := make([]fleet.Offer, 0, len(markets)*len(p.Types)*len(places))
	for _, market := range markets {
		for _, typ := range p.Types {
			for _, at := range places {
				list = append(list, fleet.Offer{Type: typ, Zone: at.zone, Market: market, Subnet: at.subnet})
			}
		}
	}
	return list
}

// template is the id of a pool's launch template, made if it is not there.
func (c *Cloud) template(ctx context.Context, p PoolSpec) (string, error) {
	request, err := c.templateRequest(p)
	if err != nil {
		return "", fmt.Errorf("launch template of pool %s: %w", p.Name, err)
	}
	name := *request.LaunchTemplateName
	if id, err := c.knownTemplate(ctx, name); id != "" || err != nil {
		return id, err
	}
	if c.Dry {
		return Unmade, nil
	}
	id, err := c.makeTemplate(ctx, request)
	if err != nil {
		return "", fmt.Errorf("launch template of pool %s: %w", p.Name, err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.templates[name] = id
	return id, nil
}

// knownTemplate looks a template up in what is known. The first question lists
// the fleet's templates, so a start costs one call and not one for each pool.
func (c *Cloud) knownTemplate(ctx context.Context, name string) (string, error) {
	c.mu.Lock()
	id, listed := c.templates[name], c.listed
	c.mu.Unlock()
	if id != "" || listed {
		return id, nil
	}
	list, err := c.listTemplates(ctx)
	if err != nil {
		return "", err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, t := range list {
		c.templates[aws.ToString(t.LaunchTemplateName)] = aws.ToString(t.LaunchTemplateId)
	}
	c.listed = true
	return c.templates[name], nil
}

// makeTemplate makes a template. One of that name has the same content, so
// that somebody else was first is a success.
func (c *Cloud) makeTemplate(ctx context.Context, request *ec2.CreateLaunchTemplateInput) (string, error) {
	out, err := c.EC2.CreateLaunchTemplate(ctx, request)
	if err = translate(err); code(err) == "InvalidLaunchTemplateName.AlreadyExistsException" {
		return c.findTemplate(ctx, *request.LaunchTemplateName)
	}
	if err != nil {
		return "", err
	}
	if out.LaunchTemplate == nil {
		return "", fmt.Errorf("%w: answer without a launch template", fleet.ErrUnknownOutcome)
	}
	c.Log.InfoContext(ctx, "launch template made", "name", *request.LaunchTemplateName)
	return aws.ToString(out.LaunchTemplate.LaunchTemplateId), nil
}

func (c *Cloud) findTemplate(ctx context.Context, name string) (string, error) {
	out, err := c.EC2.DescribeLaunchTemplates(ctx, &ec2.DescribeLaunchTemplatesInput{LaunchTemplateNames: []string{name}})
	if err != nil {
		return "", translate(err)
	}
	for _, t := range out.LaunchTemplates {
		if aws.ToString(t.LaunchTemplateName) == name {
			return aws.ToString(t.LaunchTemplateId), nil
		}
	}
	return "", fmt.Errorf("%s exists, but EC2 does not show it yet", name)
}

// listTemplates lists the fleet's launch templates.
func (c *Cloud) listTemplates(ctx context.Context) ([]types.LaunchTemplate, error) {
	var list []types.LaunchTemplate
	request := &ec2.DescribeLaunchTemplatesInput{Filters: c.ours(), MaxResults: aws.Int32(200)}
	for {
		out, err := c.EC2.DescribeLaunchTemplates(ctx, request)
		if err != nil {
			return nil, fmt.Errorf("list launch templates: %w", translate(err))
		}
		list = append(list, out.LaunchTemplates...)
		if aws.ToString(out.NextToken) == "" {
			return list, nil
		}
		request.NextToken = out.NextToken
	}
}

// forgetTemplates drops what is known of templates, because one of them is
// gone: the next recipes make it anew.
func (c *Cloud) forgetTemplates() {
	c.mu.Lock()
	defer c.mu.Unlock()
	clear(c.templates)
	c.listed = false
}
