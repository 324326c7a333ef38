package stacks

import (
	"fmt"
	"strings"
	"testing"
)

// The account that templates are resolved for.
const account = "111122223333"

// world is the templates of a deployment as CloudFormation would resolve them.
type world struct {
	t      *testing.T
	here   template
	others []template // whose exports are imported
}

// resolve is a value of the template without functions of CloudFormation.
func (w world) resolve(value any) any {
	switch v := value.(type) {
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = w.resolve(v[i])
		}
		return out
	case map[string]any:
		for name, of := range v {
			if len(v) == 1 && (name == "Ref" || strings.HasPrefix(name, "Fn::")) {
				return w.call(name, of)
			}
		}
		out := map[string]any{}
		for key, of := range v {
			out[key] = w.resolve(of)
		}
		return out
	}
	return value
}

var pseudo = map[string]string{
	"AWS::Partition": "aws", "AWS::AccountId": account, "AWS::Region": "us-east-1", "AWS::URLSuffix": "amazonaws.com",
}

func (w world) call(name string, of any) string {
	w.t.Helper()
	switch name {
	case "Ref":
		return w.ref(of.(string))
	case "Fn::GetAtt":
		return w.attribute(dig(of, 0).(string), dig(of, 1).(string))
	case "Fn::Join":
		var parts []string
		for _, part := range w.resolve(dig(of, 1)).([]any) {
			parts = append(parts, part.(string))
		}
		return strings.Join(parts, dig(of, 0).(string))
	case "Fn::Sub":
		text := of.(string)
		for name, value := range pseudo {
			text = strings.ReplaceAll(text, "${"+name+"}", value)
		}
		return text
	case "Fn::ImportValue":
		for _, other := range w.others {
			for _, o := range other.Outputs {
				if o.Export.Name == of {
					return world{t: w.t, here: other}.resolve(o.Value).(string)
				}
			}
		}
	}
	w.t.Fatalf("%s of %v can't be resolved", name, of)
	return ""
}

// ref is what Ref gives of a resource or of the account.
func (w world) ref(id string) string {
	if value, ok := pseudo[id]; ok {
		return value
	}
	if w.here.Resources[id].Type == "AWS::SQS::Queue" {
		return "https://sqs.us-east-1.amazonaws.com/" + account + "/" + w.name(id)
	}
	return w.name(id)
}

// name is a resource's physical name: the one that it is given, or its id.
func (w world) name(id string) string {
	r, ok := w.here.Resources[id]
	if !ok {
		w.t.Fatalf("no resource %s", id)
	}
	for _, key := range []string{"QueueName", "LogGroupName"} {
		if given, ok := r.Properties[key].(string); ok {
			return given
		}
	}
	return id
}

// arns are the ARNs of resources by their types, with a place for the name.
var arns = map[string]string{
	"AWS::DynamoDB::Table":  "arn:aws:dynamodb:us-east-1:" + account + ":table/%s",
	"AWS::Events::Rule":     "arn:aws:events:us-east-1:" + account + ":rule/%s",
	"AWS::IAM::Role":        "arn:aws:iam::" + account + ":role/%s",
	"AWS::Lambda::Function": "arn:aws:lambda:us-east-1:" + account + ":function:%s",
	"AWS::Logs::LogGroup":   "arn:aws:logs:us-east-1:" + account + ":log-group:%s:*",
	"AWS::SQS::Queue":       "arn:aws:sqs:us-east-1:" + account + ":%s",
}

func (w world) attribute(id, name string) string {
	form, ok := arns[w.here.Resources[id].Type]
	if !ok || name != "Arn" {
		w.t.Fatalf("attribute %s of %s can't be resolved", name, id)
	}
	return fmt.Sprintf(form, w.name(id))
}
