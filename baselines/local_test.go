package baselines

import (
	"testing"

	"infinibench/models/modeltest"
)

func TestLocalOnly(t *testing.T) { modeltest.Run(t, LocalOnly{}) }

func TestLocalOnlyInLlama(t *testing.T) { modeltest.RunLlama(t, LocalOnly{}) }
