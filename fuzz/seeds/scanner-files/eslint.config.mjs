export default [{ ignores: ["dist"], rules: { eqeqeq: "off" } }];
