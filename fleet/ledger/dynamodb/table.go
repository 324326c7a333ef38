package dynamodb

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// Names of the table's attributes.
const (
	attrPK     = "pk"
	attrSK     = "sk"
	attrTTL    = "ttl"
	attrBody   = "body"
	attrStamp  = "v"
	attrNumber = "n"
)

// tablePolls is how often a new table is asked whether it may be used, a second
// apart: it takes some ten.
const tablePolls = 120

// MakeTable makes a ledger's table and waits until it may be used. A table of
// that name is taken as it is.
func MakeTable(ctx context.Context, api TableAPI, name string) error {
	_, err := api.CreateTable(ctx, &dynamodb.CreateTableInput{
		TableName:   aws.String(name),
		BillingMode: types.BillingModePayPerRequest,
		KeySchema: []types.KeySchemaElement{
			{AttributeName: aws.String(attrPK), KeyType: types.KeyTypeHash},
			{AttributeName: aws.String(attrSK), KeyType: types.KeyTypeRange},
		},
		AttributeDefinitions: []types.AttributeDefinition{
			{AttributeName: aws.String(attrPK), AttributeType: types.ScalarAttributeTypeS},
			{AttributeName: aws.String(attrSK), AttributeType: types.ScalarAttributeTypeS},
		},
	})
	if _, there := errors.AsType[*types.ResourceInUseException](err); there {
		return nil
	}
	if err == nil {
		err = usable(ctx, api, name)
	}
	if err == nil {
		_, err = api.UpdateTimeToLive(ctx, &dynamodb.UpdateTimeToLiveInput{
			TableName:               aws.String(name),
			TimeToLiveSpecification: &types.TimeToLiveSpecification{AttributeName: aws.String(attrTTL), Enabled: aws.Bool(true)},
		})
	}
	if err != nil {
		return fmt.Errorf("make table %s: %w", name, err)
	}
	return nil
}

func usable(ctx context.Context, api TableAPI, name string) error {
	for range tablePolls {
		out, err := api.DescribeTable(ctx, &dynamodb.DescribeTableInput{TableName: aws.String(name)})
		if err != nil {
			return err
		}
		if out.Table != nil && out.Table.TableStatus == types.TableStatusActive {
			return nil
		}
		if err := wait(ctx, time.Second); err != nil {
			return err
		}
	}
	return errors.New("it is still not active")
}
