/** A pipeline that does as good as nothing: what is left is what Bellows itself costs. */
export const trivial = `steps:
  - name: hello
    commands:
      - echo hello
`;
