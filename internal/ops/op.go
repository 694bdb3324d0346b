// Package ops holds the fused Gorgonia operations that the models are built of: each a
// forward pass and a gradient over the loops of internal/kernel.
//
// Every operation owns its result and writes every element of it on each run. So a graph
// that runs a million times allocates once, and a result is valid until the next run of
// its graph.
package ops

import (
	"fmt"
	"hash"
	"hash/fnv"
	"slices"
	"sync/atomic"

	"infinibench/internal/kernel"

	"github.com/chewxy/hm"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// operation implements gorgonia's Op and SDOp.
type operation struct {
	name   string
	typ    hm.Type
	shape  tensor.Shape
	result G.Value
	inputs int

	do  func(in []G.Value)
	vjp *vjp // nil: no input has a gradient
}

// vjp is the vector-Jacobian product of an operation: it turns the gradient of the
// result into the gradients of the inputs. See Gradient.
type vjp struct {
	constant []int // inputs that have no gradient
	// residual marks y = x + f(x, …), where x is the first input: its gradient
	// already holds the gradient of y, and do adds the rest. They may share memory.
	residual bool
	// prepare, if not nil, is called once, when a graph gets a backward pass: only then
	// need the forward pass keep anything for do.
	prepare func()
	do      func(g gradients, in []G.Value)
}

// gradients is what a vjp reads and writes.
type gradients struct {
	out []float32         // of the result
	in  []kernel.Gradient // of each input; To is nil for a constant
}

var serial atomic.Uint64

// apply adds an operation to the graph of its inputs. It panics on a shape or type that
// does not fit, which only a programming error can cause.
func apply(op *operation, inputs ...*G.Node) *G.Node {
	// The serial number keeps gorgonia from merging two operations, each of
	// which owns its result.
	op.name = fmt.Sprintf("%s#%d", op.name, serial.Add(1))
	types := make([]hm.Type, len(inputs)+1)
	for i, n := range inputs {
		types[i] = n.Type()
	}
	types[len(inputs)] = G.TypeOf(op.result)
	op.typ = hm.NewFnType(types...)
	op.inputs = len(inputs)
	return G.Must(G.ApplyOp(op, inputs...))
}

// floats is an operation whose result is a float32 tensor.
func floats(name string, shape []int, do func(out []float32, in []G.Value), p *vjp) *operation {
	out := make([]float32, tensor.Shape(shape).TotalSize())
	return &operation{
		name: name, shape: shape, vjp: p,
		result: tensor.New(tensor.WithShape(shape...), tensor.WithBacking(out)),
		do:     func(in []G.Value) { do(out, in) },
	}
}

// scalar is an operation whose result is a float32 number.
func scalar(name string, do func(in []G.Value) float32, p *vjp) *operation {
	out := G.NewF32(0)
	return &operation{
		name: name, shape: tensor.ScalarShape(), result: out, vjp: p,
		do: func(in []G.Value) { *out = G.F32(do(in)) },
	}
}

// Do runs the operation.
func (op *operation) Do(in ...G.Value) (G.Value, error) {
	op.do(in)
	return op.result, nil
}

// SymDiff is an error: Gradient differentiates these operations, by their vjp.
func (op *operation) SymDiff(G.Nodes, *G.Node, *G.Node) (G.Nodes, error) {
	return nil, fmt.Errorf("ops: %s is differentiated by ops.Gradient, not by gorgonia.Grad", op.name)
}

// DiffWRT says which inputs have a gradient. An operation without a vjp says all of
// them, so that the caller gets an error, not a zero gradient.
func (op *operation) DiffWRT(n int) []bool {
	smooth := make([]bool, n)
	for i := range smooth {
		smooth[i] = op.vjp == nil || !slices.Contains(op.vjp.constant, i)
	}
	return smooth
}

// InferShape is the shape of the result, which is fixed.
func (op *operation) InferShape(...G.DimSizer) (tensor.Shape, error) { return op.shape, nil }

// The other methods that gorgonia requires.

func (op *operation) Arity() int           { return op.inputs }
func (op *operation) Type() hm.Type        { return op.typ }
func (op *operation) ReturnsPtr() bool     { return false }
func (op *operation) CallsExtern() bool    { return false }
func (op *operation) OverwritesInput() int { return -1 }
func (op *operation) WriteHash(h hash.Hash) {
	fmt.Fprint(h, op.name)
}
func (op *operation) Hashcode() uint32 {
	h := fnv.New32a()
	op.WriteHash(h)
	return h.Sum32()
}
func (op *operation) String() string { return op.name }

// Weights returns the numbers of an input that may be in a type of half the size, as the
// matrices of a trunk may be in a graph without a backward pass.
func Weights(v G.Value) kernel.Weights {
	switch x := v.Data().(type) {
	case []kernel.BFloat16:
		return kernel.BFloat16s(x)
	case []kernel.Float16:
		return kernel.Float16s(x)
	}
	return kernel.Float32s(f32(v))
}

// f32 and i32 return the numbers of an input.
func f32(v G.Value) []float32 { return v.Data().([]float32) }
func i32(v G.Value) []int32   { return v.Data().([]int32) }
