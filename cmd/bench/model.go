package main

import (
	"fmt"
	"os"
	"strings"

	"github.com/dustin/go-humanize"
	"github.com/spf13/cobra"

	"infinibench/models/hub"
	"infinibench/models/pretrained"
)

func modelCommand(env *environment) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "model",
		Short: "Download a pretrained model, or show what is in its folder",
		Long: `model deals with the folders of pretrained language models: config.json, tokenizer.json and
safetensors files, as on the Hugging Face hub.`,
		Example: `  bench model fetch HuggingFaceTB/SmolLM2-135M --out SmolLM2-135M
  bench model show SmolLM2-135M`,
	}
	cmd.AddCommand(modelFetchCommand(env), modelShowCommand(env))
	return cmd
}

func modelFetchCommand(env *environment) *cobra.Command {
	var out string
	cmd := &cobra.Command{
		Use:   "fetch REPOSITORY[@REVISION] --out DIR",
		Short: "Download a model from the Hugging Face hub",
		Long: `fetch downloads the folder of a model: config.json, generation_config.json, tokenizer.json
and the weights in safetensors, and no other file. Each is checked against the size and the
hash that the hub states. A model that is not supported is refused as soon as its
config.json is there. All files are of one commit, which fetch prints; give it as REVISION
to get the same files again.

The same command resumes an interrupted download. HF_TOKEN is sent to the hub, and to no
other host, if it is set. HF_ENDPOINT replaces https://huggingface.co.`,
		Example: `  bench model fetch HuggingFaceTB/SmolLM2-135M --out SmolLM2-135M
  HF_ENDPOINT=https://hub.example.org bench model fetch owner/model@v1.0 --out model`,
		Annotations: map[string]string{continues: ""},
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return fmt.Errorf("one repository is needed, got %d", len(args))
			}
			_, err := hub.ParseRepository(args[0])
			return err
		},
		RunE: func(_ *cobra.Command, args []string) error {
			repository, err := hub.ParseRepository(args[0])
			if err != nil {
				return err
			}
			h, err := hub.New(os.Getenv("HF_ENDPOINT"), os.Getenv("HF_TOKEN"))
			if err != nil {
				return usageError{fmt.Errorf("HF_ENDPOINT: %w", err)}
			}
			p := env.progress("fetch "+repository.Name, 0)
			p.bytes = true
			got, err := h.Fetch(env.ctx, repository, out, func(at hub.Progress) { p.set(at.Have, at.Size, at.File) })
			p.finish()
			if err != nil {
				return err
			}
			if len(got.Unchecked) > 0 {
				fmt.Fprintf(env.stderr, "bench: the server states no hash of %s; only the size was checked\n", strings.Join(got.Unchecked, ", "))
			}
			if got.Commit != "" {
				repository.Revision = got.Commit
			}
			fmt.Fprintf(env.stdout, "%s: %d files, %s of %s@%s\n", out, len(got.Files), humanize.Bytes(uint64(got.Bytes)), repository.Name, repository.Revision)
			_, err = pretrained.Open(out) // what was published may be broken
			return err
		},
	}
	cmd.Flags().StringVar(&out, "out", "", "folder to download to")
	cmd.MarkFlagRequired("out")
	return cmd
}
