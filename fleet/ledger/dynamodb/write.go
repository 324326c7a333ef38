package dynamodb

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// write is one row of a transaction or a batch: a row put, the number taken, a
// row deleted, or only a condition that must hold.
type write struct {
	key   key
	put   *item
	take  int64 // of the fleet's row: the number to set
	check bool
	when  when
}

// when is the condition of a write; the zero value always holds.
type when struct {
	absent time.Time // not zero: there is no such row, or it is over at the instant
	stamp  string    // the row has this stamp
	number int64     // the fleet's row has this number
	there  bool      // there is such a row
}

func put(it item) write { return write{key: it.key, put: &it} }
func drop(k key) write  { return write{key: k} }
func (w write) size() int {
	if w.put != nil {
		return w.put.size()
	}
	return 128
}

// only is the write under a condition.
func (w write) only(c when) write {
	w.when = c
	return w
}

// expression is the condition in DynamoDB's language.
func (c when) expression() (cond *string, names map[string]string, values map[string]types.AttributeValue) {
	switch {
	case !c.absent.IsZero():
		return aws.String("attribute_not_exists(pk) OR #t <= :t"), map[string]string{"#t": attrTTL},
			map[string]types.AttributeValue{":t": number(c.absent.Unix())}
	case c.stamp != "":
		return aws.String("#v = :v"), map[string]string{"#v": attrStamp}, map[string]types.AttributeValue{":v": text(c.stamp)}
	case c.number != 0:
		return aws.String("#n = :n"), map[string]string{"#n": attrNumber}, map[string]types.AttributeValue{":n": number(c.number)}
	case c.there:
		return aws.String("attribute_exists(pk)"), nil, nil
	}
	return nil, nil, nil
}

// request is the write in a transaction. What stands against it is returned, to
// save a read.
func (w write) request(table string) types.TransactWriteItem {
	const old = types.ReturnValuesOnConditionCheckFailureAllOld
	cond, names, values := w.when.expression()
	switch {
	case w.put != nil:
		return types.TransactWriteItem{Put: &types.Put{
			TableName: &table, Item: w.put.attributes(), ConditionExpression: cond,
			ExpressionAttributeNames: names, ExpressionAttributeValues: values, ReturnValuesOnConditionCheckFailure: old,
		}}
	case w.take != 0:
		values[":next"] = number(w.take)
		return types.TransactWriteItem{Update: &types.Update{
			TableName: &table, Key: w.key.attributes(), UpdateExpression: aws.String("SET #n = :next"), ConditionExpression: cond,
			ExpressionAttributeNames: names, ExpressionAttributeValues: values, ReturnValuesOnConditionCheckFailure: old,
		}}
	case w.check:
		return types.TransactWriteItem{ConditionCheck: &types.ConditionCheck{
			TableName: &table, Key: w.key.attributes(), ConditionExpression: cond,
			ExpressionAttributeNames: names, ExpressionAttributeValues: values, ReturnValuesOnConditionCheckFailure: old,
		}}
	}
	return types.TransactWriteItem{Delete: &types.Delete{
		TableName: &table, Key: w.key.attributes(), ConditionExpression: cond,
		ExpressionAttributeNames: names, ExpressionAttributeValues: values, ReturnValuesOnConditionCheckFailure: old,
	}}
}

// token names one transaction: DynamoDB makes it once under its token, however
// often it is sent within ten minutes. It is also the stamp of the job's rows
// that it writes.
func token() string {
	var b [12]byte
	_, _ = rand.Read(b[:]) // it never fails
	return hex.EncodeToString(b[:])
}

// failure is a write whose condition did not hold, and the row as it is; its key
// is empty if there is none.
type failure struct {
	write
	is item
}

// transact makes all the writes, or none. A failure is no error: it is returned
// for the caller to judge.
func (s *Store) transact(ctx context.Context, token string, writes []write) ([]failure, error) {
	in := &dynamodb.TransactWriteItemsInput{ClientRequestToken: aws.String(token)}
	for _, w := range writes {
		in.TransactItems = append(in.TransactItems, w.request(s.table))
	}
	err := s.call(ctx, func(ctx context.Context) error {
		_, err := s.api.TransactWriteItems(ctx, in)
		return err
	})
	gone, ok := errors.AsType[*types.TransactionCanceledException](err)
	if !ok {
		return nil, err
	}
	var failed []failure
	for i, code := range codes(gone) {
		if code != refused || i >= len(writes) {
			continue
		}
		is, bad := itemFrom(gone.CancellationReasons[i].Item)
		if bad != nil {
			return nil, fmt.Errorf("%s: %w", writes[i].key.sk, bad)
		}
		failed = append(failed, failure{writes[i], is})
	}
	if len(failed) == 0 {
		return nil, err
	}
	return failed, nil
}
