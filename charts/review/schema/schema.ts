/** The part of JSON Schema that Kubernetes uses: OpenAPI 2 for its own kinds, structural schemas for others. */
export interface Schema {
  readonly $ref?: string;
  readonly type?: string;
  readonly format?: string;
  readonly nullable?: boolean;
  readonly default?: unknown;
  readonly enum?: readonly unknown[];
  readonly pattern?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: boolean;
  readonly exclusiveMaximum?: boolean;
  readonly multipleOf?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly minProperties?: number;
  readonly maxProperties?: number;
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: boolean | Schema;
  /** What a key must be like. Of imports/patches.ts only. */
  readonly propertyNames?: Schema;
  readonly items?: Schema;
  readonly allOf?: readonly Schema[];
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly not?: Schema;
  readonly 'x-kubernetes-int-or-string'?: boolean;
  readonly 'x-kubernetes-preserve-unknown-fields'?: boolean;
  readonly 'x-kubernetes-embedded-resource'?: boolean;
  readonly 'x-kubernetes-list-type'?: string;
  readonly 'x-kubernetes-list-map-keys'?: readonly string[];
  readonly 'x-kubernetes-validations'?: readonly CelRule[];
}

/** A rule of a CustomResourceDefinition, in CEL; `self` is the value it stands at. */
export interface CelRule {
  readonly rule: string;
  readonly message?: string;
  readonly messageExpression?: string;
  readonly optionalOldSelf?: boolean;
}

/** What a kind is. */
export interface Kind {
  readonly schema: Schema;
  readonly plural: string;
  readonly namespaced: boolean;
  /** Of a CustomResourceDefinition: a field that is not listed is pruned, wherever it is. */
  readonly structural: boolean;
}

export interface Problem {
  /** `spec.template.spec.containers[0].image` */
  readonly at: string;
  readonly message: string;
  readonly mend: string;
  /** Whether the value has another shape than whoever reads on may rely on. */
  readonly shape: boolean;
}
