import { strictWithinMinimal } from "../helpers/strict-feature-sets";

describe("for every set of features, layout WithoutNAT", () => strictWithinMinimal("WithoutNAT"));
