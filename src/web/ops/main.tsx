import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import '@fontsource-variable/ibm-plex-sans';
import '../../react/styles.css';
import '../styles/base.css';
import '../styles/bar.css';
import '../styles/entrance.css';
import '../styles/tools.css';
import '../styles/ops.css';
import '../styles/plots.css';
import '../styles/sessions.css';
import { applyTheme, rememberedTheme } from '../arena/theme.ts';
import { Operator } from './operator.tsx';

applyTheme(rememberedTheme());
createRoot(document.getElementById('page') as HTMLElement).render(
  <StrictMode>
    <Operator />
  </StrictMode>,
);
