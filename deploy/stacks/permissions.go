package stacks

import (
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/jsii-runtime-go"
)

// inline is a role's own policies: a document, if there is one, and statements.
// They are part of the role, so that whatever waits for the role has them.
func inline(doc map[string]any, statements ...awsiam.PolicyStatement) *map[string]awsiam.PolicyDocument {
	all := map[string]awsiam.PolicyDocument{}
	if doc != nil {
		all["fleet"] = awsiam.PolicyDocument_FromJson(doc)
	}
	if len(statements) > 0 {
		all["parts"] = awsiam.NewPolicyDocument(&awsiam.PolicyDocumentProps{Statements: &statements})
	}
	return &all
}

// allow is a statement that allows actions on resources, by their ARNs.
func allow(sid string, actions []string, arns ...*string) awsiam.PolicyStatement {
	return awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{Sid: jsii.String(sid), Actions: jsii.Strings(actions...), Resources: &arns})
}

// keyStatements allow actions on the key of the machines' configs, if there is
// one, and on nothing else that the key locks.
func (c Config) keyStatements(actions ...string) []awsiam.PolicyStatement {
	if c.KMSKey == "" {
		return nil
	}
	s := allow("Key", actions, jsii.String(c.KMSKey))
	s.AddCondition(jsii.String("StringEquals"), map[string]any{"kms:ViaService": "ssm." + c.Region + ".amazonaws.com"})
	return []awsiam.PolicyStatement{s}
}

// What the ledger calls on its table; package dynamodb says so.
var ledgerActions = []string{
	"dynamodb:BatchGetItem", "dynamodb:BatchWriteItem", "dynamodb:ConditionCheckItem", "dynamodb:DeleteItem",
	"dynamodb:PutItem", "dynamodb:Query", "dynamodb:UpdateItem",
}

// What Lambda calls on a queue, in the name of the function that it feeds.
var consumeActions = []string{"sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"}
