package dynamodb

import (
	"context"
	"encoding/json"
	"os"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/go-cmp/cmp"
)

// maker keeps what it is asked to make.
type maker struct {
	table *dynamodb.CreateTableInput
	ttl   *dynamodb.UpdateTimeToLiveInput
}

func (m *maker) CreateTable(_ context.Context, in *dynamodb.CreateTableInput, _ ...func(*dynamodb.Options)) (*dynamodb.CreateTableOutput, error) {
	m.table = in
	return &dynamodb.CreateTableOutput{}, nil
}

func (m *maker) DescribeTable(context.Context, *dynamodb.DescribeTableInput, ...func(*dynamodb.Options)) (*dynamodb.DescribeTableOutput, error) {
	return &dynamodb.DescribeTableOutput{Table: &types.TableDescription{TableStatus: types.TableStatusActive}}, nil
}

func (m *maker) UpdateTimeToLive(_ context.Context, in *dynamodb.UpdateTimeToLiveInput, _ ...func(*dynamodb.Options)) (*dynamodb.UpdateTimeToLiveOutput, error) {
	m.ttl = in
	return &dynamodb.UpdateTimeToLiveOutput{}, nil
}

// deploy's own test holds its template to the same file.
func TestATableIsMadeAsADeploymentMakesIt(t *testing.T) {
	text, err := os.ReadFile("../../../deploy/testdata/ledger.json")
	if err != nil {
		t.Fatal(err)
	}
	var m maker
	if err := MakeTable(t.Context(), &m, "ledger"); err != nil {
		t.Fatal(err)
	}
	made, err := json.Marshal(map[string]any{
		"AttributeDefinitions": m.table.AttributeDefinitions, "KeySchema": m.table.KeySchema,
		"BillingMode": m.table.BillingMode, "TimeToLiveSpecification": m.ttl.TimeToLiveSpecification,
	})
	if err != nil {
		t.Fatal(err)
	}
	var want, got any
	if err := json.Unmarshal(text, &want); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(made, &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("table (-deployment +made):\n%s", diff)
	}
}
