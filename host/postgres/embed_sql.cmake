# cmake -DROOT=... -DOUT=... -P embed_sql.cmake: writes the files of sql/ as a C++ source.
file(WRITE ${OUT}.tmp "#include \"host/postgres/embedded_sql.hpp\"\n\n#include \"host/core/assert.hpp\"\n\n"
    "namespace lantern::postgres {\nnamespace {\n")
foreach(KIND migrations functions statements)
    file(GLOB FILES ${ROOT}/${KIND}/*.sql)
    list(SORT FILES)
    file(APPEND ${OUT}.tmp "constexpr SqlFile k_${KIND}[] = {\n")
    foreach(FILE ${FILES})
        get_filename_component(NAME ${FILE} NAME_WE)
        file(READ ${FILE} TEXT)
        file(APPEND ${OUT}.tmp "{\"${NAME}\", R\"embedded_sql(" "${TEXT}" ")embedded_sql\"},\n")
    endforeach()
    file(APPEND ${OUT}.tmp "};\n")
endforeach()
file(APPEND ${OUT}.tmp "}  // namespace\n"
    "std::span<const SqlFile> migrations() { return k_migrations; }\n"
    "std::span<const SqlFile> functions() { return k_functions; }\n"
    "Statement statement(std::string_view name) {\n"
    "    for (const auto& file : k_statements)\n"
    "        if (file.name == name) return {std::string(file.name), std::string(file.text)};\n"
    "    LANTERN_ASSERT(false, \"sql/statements has the statement\");\n"
    "}\n}  // namespace lantern::postgres\n")
file(RENAME ${OUT}.tmp ${OUT})
